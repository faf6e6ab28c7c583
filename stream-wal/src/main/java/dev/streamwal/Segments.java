package dev.streamwal;

import dev.streamwal.append.SegmentChoice;

/**
 * Whether a stream has segments of its own, or shares them with other streams. Either way the stream is written and read the same, keeps its
 * windows and its retention, and a record keeps its {@link dev.streamwal.reader.EntryRef}. Only the files are shared: so a hundred thousand
 * streams that get a record now and then need a few files, not one per stream and window.
 *
 * @since 1.0
 */
public enum Segments {

    /**
     * Own segments for the first {@link WalOptions#ownSegments()} streams that need a new one after the log was opened, for records too large to
     * share, and for streams with a limit of bytes; otherwise shared. See {@link WalOptions.Builder#ownSegments}.
     */
    AUTO(SegmentChoice.AUTO),

    /**
     * Always own segments, whatever {@link WalOptions#ownSegments()} says. While it is appended to, such a stream holds a mapping, or a descriptor if
     * files aren't mapped: many such streams need system limits that allow for that, and a log maps 24,576 segments at most. If no mapping or
     * descriptor is left, an append throws a {@link dev.streamwal.error.TooManyOpenFilesException}, and the stream can be appended to later.
     */
    OWN(SegmentChoice.OWN),

    /** Shared segments, except for records that are too large for them, and for streams with a limit of bytes. */
    SHARED(SegmentChoice.SHARED);

    @SuppressWarnings("ImmutableEnumChecker") // an enum's constant
    private final SegmentChoice choice;

    Segments(SegmentChoice choice) {
        this.choice = choice;
    }

    SegmentChoice choice() {
        return choice;
    }
}
