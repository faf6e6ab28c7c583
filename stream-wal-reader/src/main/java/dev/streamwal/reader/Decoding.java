package dev.streamwal.reader;

import dev.streamwal.codec.RecordCodec;
import dev.streamwal.error.UndecodableRecordException;
import dev.streamwal.format.SchemaTag;
import io.netty.buffer.ByteBuf;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Makes a record's value by a program's codec. */
final class Decoding {

    private Decoding() {}

    /** Refuses a codec whose schema id or version no record can have. */
    static void check(RecordCodec<?> codec) {
        SchemaTag.check(Objects.requireNonNull(codec, "codec").schemaId(), codec.version());
    }

    static <T> T value(RecordCodec<T> codec, Entry entry) {
        check(codec);
        ByteBuf header = entry.header();
        ByteBuf content = entry.content();
        int reader = content.readerIndex();
        int writer = content.writerIndex();
        try {
            return value(codec, SchemaTag.in(header, header.capacity()), content.setIndex(0, content.capacity()), entry.ref().key(),
                    entry.ref().position());
        } finally {
            content.setIndex(reader, writer);
        }
    }

    /** @param content with its indices at its ends */
    static <T> T value(RecordCodec<T> codec, long tag, ByteBuf content, String key, long position) {
        if (tag == SchemaTag.NONE) {
            throw new UndecodableRecordException("record has no schema, as it was not appended by a codec: codec=" + codec + ", key=" + key
                    + ", position=" + position + "; read its bytes", key, position);
        }
        if (SchemaTag.schemaId(tag) != codec.schemaId()) {
            throw undecodable("record has another schema than the codec", "its own codec", codec, tag, key, position, null);
        }
        int version = SchemaTag.version(tag);
        boolean isRead;
        @Nullable T value;
        try {
            isRead = codec.reads(version);
            value = isRead ? codec.decode(content, version) : null;
        } catch (RuntimeException e) {
            // not what it says, which may quote the record
            throw undecodable("codec can't decode the record, and threw " + e.getClass().getName(), "a codec that can", codec, tag, key, position, e);
        }
        if (!isRead) {
            throw undecodable("codec doesn't read this version of the schema", "a newer codec", codec, tag, key, position, null);
        }
        if (value == null) {
            throw undecodable("codec returned null", "a codec that returns a value", codec, tag, key, position, null);
        }
        return value;
    }

    private static UndecodableRecordException undecodable(
            String problem, String remedy, RecordCodec<?> codec, long tag, String key, long position, @Nullable RuntimeException cause) {
        int schemaId = SchemaTag.schemaId(tag);
        int version = SchemaTag.version(tag);
        return new UndecodableRecordException(problem + ": schemaId=" + schemaId + ", version=" + version + ", codec=" + codec
                + ", codecSchemaId=" + codec.schemaId() + ", codecVersion=" + codec.version() + ", key=" + key + ", position=" + position
                + "; read the record with " + remedy, key, position, schemaId, version, cause);
    }
}
