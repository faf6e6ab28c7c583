package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonGenerator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;

/** The type of contents, by which they are shown. Contents that aren't of the type are shown as of unknown type. */
enum ContentType {

    /** Numbers of 64 bits, the highest byte first, as Java's buffers write them. */
    F64,

    /** The same, the lowest byte first, as Chronicle Bytes writes them. */
    F64LE,

    /** Text; bytes that aren't UTF-8 become U+FFFD. */
    UTF8,

    /** Bytes, two digits each. */
    HEX,

    /** A JSON value, on one line; a part of the object that shows the record. */
    JSON;

    private static final String MEMBER = "content";

    /** The name on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Empty if the content isn't of this type. */
    Optional<String> text(ByteBuf content) {
        return switch (this) {
            case F64, F64LE -> numbers(content).map(each -> String.join(" ", each));
            case UTF8 -> Optional.of(content.toString(UTF_8));
            case HEX -> Optional.of(ByteBufUtil.hexDump(content));
            case JSON -> JsonValue.compact(ByteBufUtil.getBytes(content));
        };
    }

    /** Writes a member of an object, or returns false if the content isn't of this type. */
    boolean write(ByteBuf content, JsonGenerator json) throws IOException {
        if (this == F64 || this == F64LE) {
            return writeNumbers(numbers(content), json);
        }
        Optional<String> text = text(content);
        if (text.isEmpty()) {
            return false;
        }
        switch (this) {
            case HEX -> json.writeStringField(MEMBER + "Hex", text.get());
            case JSON -> {
                json.writeFieldName(MEMBER);
                json.writeRawValue(text.get());
            }
            default -> json.writeStringField(MEMBER, text.get());
        }
        return true;
    }

    private Optional<String[]> numbers(ByteBuf content) {
        int bytes = content.readableBytes();
        if (bytes == 0 || bytes % Double.BYTES != 0) {
            return Optional.empty();
        }
        String[] numbers = new String[bytes / Double.BYTES];
        for (int i = 0; i < numbers.length; i++) {
            int index = content.readerIndex() + i * Double.BYTES;
            numbers[i] = Double.toString(this == F64 ? content.getDouble(index) : content.getDoubleLE(index));
        }
        return Optional.of(numbers);
    }

    /** A single number as a number, several as an array. JSON has no NaN and no infinity: these are strings. */
    private static boolean writeNumbers(Optional<String[]> numbers, JsonGenerator json) throws IOException {
        if (numbers.isEmpty()) {
            return false;
        }
        json.writeFieldName(MEMBER);
        boolean several = numbers.get().length > 1;
        if (several) {
            json.writeStartArray();
        }
        for (String number : numbers.get()) {
            json.writeNumber(Double.parseDouble(number));
        }
        if (several) {
            json.writeEndArray();
        }
        return true;
    }
}
