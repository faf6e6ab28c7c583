package dev.streamwal.cli.ingest;

import java.util.Optional;

/** Records as lines of InfluxDB's line protocol. */
public final class LineProtocolText {

    private static final String NANOS_OF_A_MILLI = "000000";
    /** The nanoseconds of these times, and of those between them, have 64 bits. */
    private static final long LARGEST_MILLIS = Long.MAX_VALUE / 1_000_000;

    private LineProtocolText() {}

    /** Whether a line can have this time: from 1677-09-21T00:12:43.146Z to 2262-04-11T23:47:16.854Z. */
    public static boolean hasTime(long timestampMillis) {
        return -LARGEST_MILLIS <= timestampMillis && timestampMillis <= LARGEST_MILLIS;
    }

    /**
     * A record's line, without its end: the point that it was imported from, or a point whose measurement is the key, with the content as its field
     * {@code value}, a number if it is one, else a string.
     *
     * @param key of the stream
     * @param content of the record
     * @param timestampMillis of the record, a time that a line can have; written in nanoseconds
     * @return empty if a point can't have this key or content
     */
    public static Optional<String> of(String key, String content, long timestampMillis) {
        String time = nanos(timestampMillis);
        String imported = key + ' ' + content + ' ' + time;
        if (point(imported, key, content).isPresent()) {
            return Optional.of(imported);
        }
        String measurement = Point.escape(key, ", ");
        String fields = "value=" + content;
        String number = measurement + ' ' + fields + ' ' + time;
        if (point(number, measurement, fields).filter(LineProtocolText::isNumber).isPresent()) {
            return Optional.of(number);
        }
        return ofString(key, content, timestampMillis);
    }

    /** The same, with the content as a string, whatever it looks like. */
    public static Optional<String> ofString(String key, String content, long timestampMillis) {
        String measurement = Point.escape(key, ", ");
        String quoted = "value=\"" + Point.escape(content, "\\\"") + '"';
        String text = measurement + ' ' + quoted + ' ' + nanos(timestampMillis);
        return point(text, measurement, quoted).map(point -> text);
    }

    private static String nanos(long millis) {
        return millis + (millis == 0 ? "" : NANOS_OF_A_MILLI);
    }

    /** Text may look like a boolean, an integer or several fields. */
    private static boolean isNumber(Point point) {
        return point.fields().size() == 1 && point.fields().get(0).kind() == Point.Kind.FLOAT;
    }

    /** The line as a point; empty if it isn't one of this series with these fields. */
    private static Optional<Point> point(String line, String series, String fields) {
        if (line.indexOf('\n') >= 0 || line.indexOf('\r') >= 0) {
            return Optional.empty();
        }
        try {
            return LineProtocol.parse(line).filter(point -> point.series().equals(series) && point.fieldSet().equals(fields));
        } catch (LineProtocol.SyntaxException e) {
            return Optional.empty();
        }
    }
}
