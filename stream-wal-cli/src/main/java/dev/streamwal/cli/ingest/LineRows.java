package dev.streamwal.cli.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.time.DateTimeException;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The lines of a text file, one record each. */
public final class LineRows extends LinedRows {

    /** Larger than any record. */
    private static final int MAX_LINE_BYTES = 32 << 20;
    /** The most words of a time. */
    private static final int MAX_WORDS = 6;
    /** What stands right behind a time. */
    private static final String ENDS = "]:,;|";
    /** A time of day, as it seems. */
    private static final Pattern TIME_OF_DAY = Pattern.compile("\\s+\\d{1,2}:");

    /** Characters of a line that a message has. */
    private static final int SHOWN = 40;

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
        if (timeFormat.isPresent()) {
            time = time(line, timeFormat.get());
        }
        return new Row(place(), key, time, Row.NO_HEADER, line.getBytes(UTF_8));
    }

    /**
     * The time of the longest sequence of words at the beginning that is one: a date alone is a time, and so is a date with a time of day. All of it may
     * be in brackets, or have a colon behind it.
     */
    private RowTime time(String line, TimeFormat format) throws BadRowException {
        Optional<RowTime> longest = Optional.empty();
        int timeEnd = 0;
        int begin = line.startsWith("[") ? 1 : 0;
        int closed = begin == 0 ? -1 : line.indexOf(']');
        int limit = closed < 0 ? line.length() : closed;
        int end = begin - 1;
        for (int words = 1; words <= MAX_WORDS && end < limit; words++) {
            int space = line.indexOf(' ', end + 1);
            end = space < 0 || space > limit ? limit : space;
            Optional<RowTime> parsed = parse(withoutEnds(line.substring(begin, end)), format);
            longest = parsed.isPresent() ? parsed : longest;
            timeEnd = parsed.isPresent() ? end : timeEnd;
        }
        if (TIME_OF_DAY.matcher(line).region(timeEnd, line.length()).lookingAt() && longest.isPresent() && format.isDay(longest.get().text())) {
            throw bad("time of day is not one of the format: line=" + line.substring(0, Math.min(line.length(), SHOWN)), null);
        }
        return longest.orElseGet(time::forNext);
    }

    private static String withoutEnds(String word) {
        int end = word.length();
        while (end > 0 && ENDS.indexOf(word.charAt(end - 1)) >= 0) {
            end--;
        }
        return word.substring(0, end);
    }

    private static Optional<RowTime> parse(String text, TimeFormat format) {
        try {
            return Optional.of(format.parse(text));
        } catch (DateTimeException noTime) {
            return Optional.empty();
        }
    }
}
