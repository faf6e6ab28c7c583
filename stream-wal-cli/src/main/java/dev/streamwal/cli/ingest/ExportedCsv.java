package dev.streamwal.cli.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Instant;
import java.util.Base64;
import java.util.List;

/** The CSV that {@code export} writes, and {@code import} reads. */
public final class ExportedCsv {

    /** The first line. The encoding is {@link #TEXT}, or {@link #BINARY} if header or content isn't UTF-8. */
    public static final List<String> COLUMNS = List.of("key", "position", "size", "timestamp", "header", "content", "encoding");

    /** Header and content as they are. */
    public static final String TEXT = "utf-8";

    /** Header and content in Base64. */
    public static final String BINARY = "base64";

    private ExportedCsv() {}

    /**
     * @throws java.time.DateTimeException if the time is invalid
     * @throws IllegalArgumentException if the encoding is unknown, or the text isn't Base64
     */
    static Row row(String place, List<String> fields) {
        String time = fields.get(3);
        String encoding = fields.get(6);
        return new Row(place, fields.get(0), RowTime.of(Instant.parse(time), false, time),
                bytes(fields.get(4), encoding), bytes(fields.get(5), encoding));
    }

    private static byte[] bytes(String field, String encoding) {
        return switch (encoding) {
            case TEXT -> field.getBytes(UTF_8);
            case BINARY -> Base64.getDecoder().decode(field);
            default -> throw new IllegalArgumentException("unknown encoding: encoding=" + encoding + "; it is " + TEXT + " or " + BINARY);
        };
    }
}
