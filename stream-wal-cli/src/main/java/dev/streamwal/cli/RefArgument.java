package dev.streamwal.cli;

import dev.streamwal.reader.EntryRef;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A reference to a record as an argument, {@code key@position+size}. */
final class RefArgument implements ITypeConverter<EntryRef> {

    @Override
    public EntryRef convert(String text) {
        try {
            return EntryRef.parse(text);
        } catch (IllegalArgumentException e) {
            TypeConversionException refusal = new TypeConversionException(String.valueOf(e.getMessage()));
            refusal.initCause(e);
            throw refusal;
        }
    }
}
