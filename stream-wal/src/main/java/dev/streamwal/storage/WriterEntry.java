package dev.streamwal.storage;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The content of the file {@code writer}. Text, a name and a value per line, behind a line that identifies the format:
 *
 * <pre>
 *   stream-wal writer 1
 *   pid 4711
 *   start 1f0c…/81234      when the process was started, in whatever way its system says; empty if it doesn't
 *   place (dev=1,ino=2)    the log's directory: a copy of the file in another directory identifies no writer there
 *   nonce 16 hex digits    different for each opening
 *   open true              false: the log was closed
 *   known 1772366400000    epoch ms: the earliest time that it can have been
 * </pre>
 *
 * @param nonce different for each opening
 * @param open whether the log has not been closed since
 */
record WriterEntry(long pid, String start, String place, String nonce, boolean open, long knownMillis) {

    /** Larger files are not of this format. */
    static final int MAX_BYTES = 8 << 10;

    private static final String FIRST_LINE = "stream-wal writer 1";

    byte[] encode() {
        return (FIRST_LINE + "\npid " + pid + "\nstart " + start + "\nplace " + place.replace('\n', ' ') + "\nnonce " + nonce + "\nopen " + open
                + "\nknown " + knownMillis + '\n').getBytes(StandardCharsets.UTF_8);
    }

    /** Empty if it is incomplete, or of another version: it is no evidence then. */
    static Optional<WriterEntry> decode(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        if (!text.startsWith(FIRST_LINE + '\n') || !text.endsWith("\n")) {
            return Optional.empty();
        }
        Map<String, String> values = new HashMap<>();
        text.lines().skip(1).forEach(line -> {
            int space = line.indexOf(' ');
            values.put(space < 0 ? line : line.substring(0, space), space < 0 ? "" : line.substring(space + 1));
        });
        try {
            String nonce = values.getOrDefault("nonce", "");
            return nonce.isEmpty() ? Optional.empty() : Optional.of(new WriterEntry(Long.parseLong(values.getOrDefault("pid", "")),
                    values.getOrDefault("start", ""), values.getOrDefault("place", ""), nonce,
                    Boolean.parseBoolean(values.getOrDefault("open", "")), Long.parseLong(values.getOrDefault("known", ""))));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** The same entry with other values of {@code open} and {@code known}. */
    WriterEntry with(boolean newOpen, long newKnownMillis) {
        return new WriterEntry(pid, start, place, nonce, newOpen, newKnownMillis);
    }
}
