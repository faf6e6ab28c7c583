package dev.streamwal.cli.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.streamwal.format.RecordLayout;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The objects of a JSON lines file, one per line. The output of {@code export --json} is recognised by its members, and becomes the records that were
 * exported.
 */
public final class JsonRows extends LinedRows {

    /** Of a record as large as can be, of which each byte is a character with six in JSON, backslash, u and four digits; and of what stands beside it. */
    private static final int MAX_LINE_BYTES = 6 * RecordLayout.MAX_FRAME_BYTES + (64 << 10);

    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder().maxStringLength(MAX_LINE_BYTES).build())
            .build();

    private final CsvLayout layout;
    private final String fixedKey;
    /** Names of the members that are null in the line that was read last; their text is {@code null}, too. */
    private final Set<String> nulls = new HashSet<>();

    /**
     * @param input closed with this
     * @param file its name, for messages
     * @param layout its columns are members here; without a value column the content is the unchanged line
     * @param fixedKey of all rows, if the layout has no column for it
     */
    public JsonRows(InputStream input, String file, CsvLayout layout, String fixedKey) {
        super(input, file, MAX_LINE_BYTES);
        this.layout = layout;
        this.fixedKey = fixedKey;
    }

    @Override
    public @Nullable Row next() throws IOException {
        String line = nextLine();
        while (line != null && line.isBlank()) {
            line = nextLine();
        }
        if (line == null) {
            return null;
        }
        Map<String, String> members = members(line);
        try {
            return members.containsKey("ref") && members.containsKey("timestampMillis") ? exported(members) : row(members, line);
        } catch (IllegalArgumentException e) {
            throw bad(String.valueOf(e.getMessage()), e);
        }
    }

    private Row row(Map<String, String> members, String line) throws BadRowException {
        String key = layout.keyColumn().isPresent() ? key(members, layout.keyColumn().get()) : fixedKey;
        byte[] content = layout.valueColumn().isPresent() ? utf8(members, layout.valueColumn().get()) : line.getBytes(UTF_8);
        String time = member(members, layout.timeColumn());
        return new Row(place(), key, time(() -> layout.timeFormat().parse(time)), Row.NO_HEADER, content);
    }

    private Row exported(Map<String, String> members) throws BadRowException {
        String millis = member(members, "timestampMillis");
        return new Row(place(), key(members, "key"),
                new RowTime(OptionalLong.of(Long.parseLong(millis)), true, millis),
                members.containsKey("header") || members.containsKey("headerBase64") ? bytes(members, "header") : Row.NO_HEADER,
                bytes(members, "content"));
    }

    private byte[] bytes(Map<String, String> members, String name) throws BadRowException {
        return members.containsKey(name) ? utf8(members, name) : Base64.getDecoder().decode(member(members, name + "Base64"));
    }

    /** A string may have half of a surrogate pair, by an escape. Java would put a question mark in its place. */
    private byte[] utf8(Map<String, String> members, String name) throws BadRowException {
        try {
            ByteBuffer bytes = UTF_8.newEncoder().encode(CharBuffer.wrap(member(members, name)));
            return Arrays.copyOf(bytes.array(), bytes.limit());
        } catch (CharacterCodingException e) {
            throw bad("string has a lone surrogate: member=" + name, e);
        }
    }

    private String key(Map<String, String> members, String name) throws BadRowException {
        if (nulls.contains(name)) {
            throw bad("key is null: member=" + name, null);
        }
        return member(members, name);
    }

    private String member(Map<String, String> members, String name) throws BadRowException {
        String value = members.get(name);
        if (value == null) {
            throw bad("no such member: missing=" + name + ", members=" + String.join(",", members.keySet()), null);
        }
        return value;
    }

    /** Members by name: the value of a string, and the text of any other value. */
    private Map<String, String> members(String line) throws IOException {
        Map<String, String> members = new LinkedHashMap<>();
        nulls.clear();
        try (JsonParser parser = JSON.createParser(line)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw bad("not a JSON object", null);
            }
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                members.put(name, value(parser, line));
                if (parser.currentToken() == JsonToken.VALUE_NULL) {
                    nulls.add(name);
                }
            }
            if (parser.nextToken() != null) {
                throw bad("more than one JSON object on a line", null);
            }
        } catch (JacksonException e) {
            throw bad("not a JSON object: " + e.getOriginalMessage(), e);
        }
        return members;
    }

    private static String value(JsonParser parser, String line) throws IOException {
        if (!parser.nextToken().isStructStart()) {
            return parser.getText();
        }
        int from = (int) parser.currentTokenLocation().getCharOffset();
        parser.skipChildren();
        return line.substring(from, (int) parser.currentLocation().getCharOffset());
    }
}
