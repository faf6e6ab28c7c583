package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import dev.streamwal.format.MessageText;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A command's results: lines of text for people or, with {@code --json}, one object per line for programs. UTF-8. Every line of text is
 * {@linkplain MessageText escaped}.
 */
final class CommandOutput {

    /** Writes an object's members. */
    interface JsonFields {
        void writeTo(JsonGenerator json) throws IOException;
    }

    /** The capacity of a pipe on Linux. */
    private static final int BUFFER_BYTES = 64 << 10;
    private static final int LAST_ASCII = 127;

    private final OutputStream stream;
    private final boolean asJson;
    /** Made for the first object: text does without its classes. */
    private @Nullable JsonGenerator json;

    CommandOutput(OutputStream target, boolean asJson) {
        this.stream = new BufferedOutputStream(target, BUFFER_BYTES);
        this.asJson = asJson;
    }

    /** Whether results are for programs. */
    boolean isJson() {
        return asJson;
    }

    /** Writes one result, in the requested form. */
    void item(Supplier<String> text, JsonFields fields) {
        if (asJson) {
            json(fields);
        } else {
            line(text.get());
        }
    }

    /** One object, as a line. */
    void json(JsonFields fields) {
        try {
            JsonGenerator object = json == null ? generator() : json;
            json = object;
            object.writeStartObject();
            fields.writeTo(object);
            object.writeEndObject();
            object.flush();
            stream.write('\n');
        } catch (IOException e) {
            throw new OutputFailedException(e);
        }
    }

    private JsonGenerator generator() throws IOException {
        return new JsonFactory().createGenerator(stream)
                .setPrettyPrinter(new MinimalPrettyPrinter("")) // nothing between objects: each ends its line
                .disable(JsonGenerator.Feature.FLUSH_PASSED_TO_STREAM)
                .setHighestNonEscapedChar(LAST_ASCII); // terminals obey control characters beyond ASCII, too
    }

    void line(String text) {
        bytes(MessageText.of(text).getBytes(UTF_8));
        bytes(new byte[] {'\n'});
    }

    /** Writes bytes unchanged. */
    void bytes(byte[] bytes) {
        try {
            stream.write(bytes);
        } catch (IOException e) {
            throw new OutputFailedException(e);
        }
    }

    /** For a library that writes; closing it does nothing. */
    OutputStream asStream() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                stream.write(b);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                try {
                    stream.write(bytes, offset, length);
                } catch (IOException e) {
                    throw new OutputFailedException(e);
                }
            }
        };
    }

    /** Call it when no more output follows for a while. */
    void flush() {
        try {
            stream.flush();
        } catch (IOException e) {
            throw new OutputFailedException(e);
        }
    }
}
