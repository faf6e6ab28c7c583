package dev.streamwal.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Optional;

/** A JSON value for display: on one line, without blanks, in ASCII. */
final class JsonValue {

    private static final JsonFactory JSON = new JsonFactory();
    private static final int LAST_ASCII = 127;

    private JsonValue() {}

    /** Empty if the bytes are not JSON, or more than one value. */
    static Optional<String> compact(byte[] bytes) {
        StringWriter text = new StringWriter();
        try (JsonParser parser = JSON.createParser(bytes);
                JsonGenerator generator = JSON.createGenerator(text).setHighestNonEscapedChar(LAST_ASCII)) {
            if (parser.nextToken() == null) {
                return Optional.empty();
            }
            int depth = 0;
            do {
                depth += parser.currentToken().isStructStart() ? 1 : parser.currentToken().isStructEnd() ? -1 : 0;
                generator.copyCurrentEventExact(parser);
            } while (depth > 0 && parser.nextToken() != null);
            if (parser.nextToken() != null) {
                return Optional.empty();
            }
            generator.flush();
            return Optional.of(text.toString());
        } catch (IOException e) {
            // bytes that begin as UTF-32 does, and aren't, are told by an exception that is none of Jackson's own
            return Optional.empty();
        }
    }
}
