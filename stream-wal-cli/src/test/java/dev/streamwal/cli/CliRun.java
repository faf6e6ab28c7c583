package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A command that was run, as in a process of its own.
 *
 * @param exit its exit code
 * @param bytes what it wrote to standard output
 * @param err what it wrote to standard error
 */
record CliRun(int exit, byte[] bytes, String err) {

    /** What a command takes for the present time. */
    static final Instant NOW = Instant.parse("2024-05-01T12:00:00Z");

    /** Nobody watches; arguments that are paths or numbers become text. */
    static CliRun of(Object... arguments) {
        return at(NOW, arguments);
    }

    /** With a text on standard input. */
    static CliRun reading(String in, Object... arguments) {
        return at(NOW, new ByteArrayInputStream(in.getBytes(UTF_8)), arguments);
    }

    static CliRun at(Instant now, Object... arguments) {
        return at(now, InputStream.nullInputStream(), arguments);
    }

    private static CliRun at(Instant now, InputStream in, Object... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        StringWriter err = new StringWriter();
        CommandContext context = new CommandContext(in, out, new PrintWriter(err), false, InstantSource.fixed(now));
        String[] texts = Arrays.stream(arguments).map(String::valueOf).toArray(String[]::new);
        int exit = StreamWalCommand.run(context, texts);
        return new CliRun(exit, out.toByteArray(), err.toString());
    }

    /** What it wrote to standard output, as text. */
    String out() {
        return new String(bytes, UTF_8);
    }

    /** The same, without the log's path, which is another one at each run. */
    String out(Path root) {
        return out().replace(root.toString(), "ROOT");
    }

    List<String> lines() {
        return out().lines().toList();
    }

    /** The objects it wrote, each of them alone on its line; values are maps, lists, strings, numbers, booleans and null. */
    List<Map<String, Object>> json() throws IOException {
        List<Map<String, Object>> objects = new ArrayList<>();
        for (String line : lines()) {
            try (JsonParser parser = new JsonFactory().createParser(line)) {
                if (parser.nextToken() != JsonToken.START_OBJECT) {
                    throw new IOException("no object: " + line);
                }
                objects.add(object(parser));
                if (parser.nextToken() != null) {
                    throw new IOException("more than an object: " + line);
                }
            }
        }
        return objects;
    }

    private static Map<String, Object> object(JsonParser parser) throws IOException {
        Map<String, Object> object = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            parser.nextToken();
            if (object.containsKey(name)) {
                throw new IOException("twice: " + name);
            }
            object.put(name, value(parser));
        }
        return object;
    }

    private static Object value(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> object(parser);
            case START_ARRAY -> {
                List<Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser));
                }
                yield list;
            }
            case VALUE_NUMBER_INT -> parser.getLongValue();
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE, VALUE_FALSE -> parser.getBooleanValue();
            case VALUE_NULL -> null;
            default -> parser.getText();
        };
    }
}
