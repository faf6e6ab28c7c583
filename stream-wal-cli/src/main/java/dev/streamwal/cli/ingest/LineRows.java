package dev.streamwal.cli.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.time.DateTimeException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The lines of a text file, one record each. */
public final class LineRows extends LinedRows {

    /** Larger than any record. */
    private static final int MAX_LINE_BYTES = 32 << 20;
    /** The most words of a time. */
    private static final int MAX_WORDS = 6;

    private final String key;
    private final Optional<TimeFormat> timeFormat;
    /** The time of the last line that had one. */
    private RowTime time = RowTime.NONE;

    /**
     * @param input closed with this
     * @param file its name, for messages
     * @param key of all lines
     * @param timeFormat of the time at the beginning of lines; a line without one, such as those of a stack trace, has the time of the line before.
     *     Empty: lines have no time
     */
    public LineRows(InputStream input, String file, String key, Optional<TimeFormat> timeFormat) {
        super(input, file, MAX_LINE_BYTES);
        this.key = key;
        this.timeFormat = timeFormat;
    }

    @Override
    public @Nullable Row next() throws IOException {
        String line = nextLine();
        if (line == null) {
            return null;
        }
        time = timeFormat.flatMap(format -> time(line, format)).orElse(time);
        return new Row(place(), key, time, Row.NO_HEADER, line.getBytes(UTF_8));
    }

    /** The time of the longest sequence of words at the beginning that is one: a date alone is a time, and so is a date with a time of day. */
    private static Optional<RowTime> time(String line, TimeFormat format) {
        Optional<RowTime> longest = Optional.empty();
        int end = -1;
        for (int words = 1; words <= MAX_WORDS && end < line.length(); words++) {
            int space = line.indexOf(' ', end + 1);
            end = space < 0 ? line.length() : space;
            Optional<RowTime> time = parse(line.substring(0, end), format);
            longest = time.isPresent() ? time : longest;
        }
        return longest;
    }

    private static Optional<RowTime> parse(String text, TimeFormat format) {
        try {
            return Optional.of(format.parse(text));
        } catch (DateTimeException noTime) {
            return Optional.empty();
        }
    }
}
