package dev.streamwal.cli.ingest;

import java.util.Optional;

/** Records as lines of InfluxDB's line protocol. */
public final class LineProtocolText {

    private static final String NANOS_OF_A_MILLI = "000000";

    private LineProtocolText() {}

    /**
     * A record's line, without its end: the point that it was imported from, or a point whose measurement is the key, with the content as its field
     * {@code value}, a number if it is one, else a string.
     *
     * @param key of the stream
     * @param content of the record
     * @param timestampMillis of the record; written in nanoseconds
     * @return empty if a point can't have this key or content
     */
    public static Optional<String> of(String key, String content, long timestampMillis) {
        String time = timestampMillis + (timestampMillis == 0 ? "" : NANOS_OF_A_MILLI);
        String imported = key + ' ' + content + ' ' + time;
        if (isPoint(imported, key, content)) {
            return Optional.of(imported);
        }
        String measurement = Point.escape(key, ", ");
        String number = "value=" + content;
        String text = "value=\"" + Point.escape(content, "\\\"") + '"';
        for (String fields : new String[] {number, text}) {
            String line = measurement + ' ' + fields + ' ' + time;
            if (isPoint(line, measurement, fields)) {
                return Optional.of(line);
            }
        }
        return Optional.empty();
    }

    /** Whether the line parses as a point of this series with these fields. */
    private static boolean isPoint(String line, String series, String fields) {
        if (line.indexOf('\n') >= 0 || line.indexOf('\r') >= 0) {
            return false;
        }
        try {
            return LineProtocol.parse(line).filter(point -> point.series().equals(series) && point.fieldSet().equals(fields)).isPresent();
        } catch (LineProtocol.SyntaxException e) {
            return false;
        }
    }
}
