package dev.streamwal.recovery;

import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a quarantined file's name says about its origin. Pure.
 *
 * @param streamDirectory the name of the stream's directory, or its beginning; empty for a file of the commit journal
 * @param file the name of the segment, or of the journal's file
 * @param offset of the bytes in the segment's file
 */
public record QuarantinedFile(Optional<String> streamDirectory, String file, long offset) {

    private static final Pattern OF_SEGMENT = Pattern.compile("(.+)_([0-9a-f]{16}_\\d{1,19}\\.seg)_(\\d{1,18})(?:_\\d{1,3})?\\.aside");
    private static final Pattern OF_JOURNAL = Pattern.compile("([0-9a-f]{8}\\.journal|frontier)_[^_]+\\.aside");

    /** Empty for a name that {@link Quarantine} doesn't give. */
    public static Optional<QuarantinedFile> parse(String name) {
        Matcher segment = OF_SEGMENT.matcher(name);
        if (segment.matches() && SegmentName.parse(segment.group(2)).isPresent()) {
            return Optional.of(new QuarantinedFile(Optional.of(segment.group(1)), segment.group(2), Long.parseLong(segment.group(3))));
        }
        Matcher journal = OF_JOURNAL.matcher(name);
        return journal.matches() ? Optional.of(new QuarantinedFile(Optional.empty(), journal.group(1), 0)) : Optional.empty();
    }

    /** Whether a stream of this key has that directory. */
    public boolean isOf(StreamKey key) {
        return isIn(key.directoryName());
    }

    private boolean isIn(String directory) {
        return streamDirectory.equals(Optional.of(directory.substring(0, Math.min(directory.length(), Quarantine.MAX_STREAM_CHARS))));
    }

    /** The stream's key, if the file's name has the whole name of its directory. */
    public Optional<String> key() {
        return streamDirectory.filter(directory -> directory.length() < Quarantine.MAX_STREAM_CHARS)
                .flatMap(StreamKey::fromDirectoryName)
                .map(StreamKey::text);
    }
}
