package dev.streamwal.codec.jackson;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.streamwal.codec.RecordCodec;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufInputStream;
import io.netty.buffer.ByteBufOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;

/**
 * A codec for a type that Jackson writes and reads as JSON. The content is the JSON in UTF-8, so that {@code stream-wal cat} shows it as it is.
 * Beside the value, Jackson makes about 1 KiB of garbage for each record that is read.
 *
 * <p>A later version reads earlier ones if Jackson does: a field that is missing gets its default. The mapper decides what it does with unknown
 * fields; in any case the codec reads no version later than its own.
 *
 * <p>An exception of Jackson is the cause of an {@link UncheckedIOException}. Thread-safe.
 *
 * @param <T> the type
 * @since 1.0
 */
@SuppressWarnings("exports") // its users require Jackson, and other programs need not
public final class JsonCodec<T> implements RecordCodec<T> {

    private final int schemaId;
    private final int version;
    private final ObjectReader reader;
    private final ObjectWriter writer;

    private JsonCodec(int schemaId, int version, ObjectReader reader, ObjectWriter writer) {
        this.schemaId = schemaId;
        this.version = version;
        this.reader = reader;
        this.writer = writer;
    }

    /**
     * A codec.
     *
     * @param <T> the type
     * @param schemaId 1 or more, the program's choice
     * @param version 1 to 65,535: of the form in which the type is written now
     * @param type of the values
     * @param mapper writes and reads them, with its settings at this call
     * @return the codec
     */
    public static <T> JsonCodec<T> of(int schemaId, int version, Class<T> type, ObjectMapper mapper) {
        return new JsonCodec<>(schemaId, version, mapper.readerFor(type), mapper.writerFor(type));
    }

    @Override
    public int schemaId() {
        return schemaId;
    }

    @Override
    public int version() {
        return version;
    }

    @Override
    public void encode(T value, ByteBuf target) {
        try (OutputStream out = new ByteBufOutputStream(target)) {
            writer.writeValue(out, value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public T decode(ByteBuf content, int recordVersion) {
        try (InputStream in = new ByteBufInputStream(content)) {
            return reader.readValue(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@code JsonCodec(7 version 1)}. */
    @Override
    public String toString() {
        return "JsonCodec(" + schemaId + " version " + version + ")";
    }
}
