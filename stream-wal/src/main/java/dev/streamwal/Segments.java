package dev.streamwal;

import dev.streamwal.append.SegmentChoice;

/**
 * Whether a stream has segments of its own, or shares them with other streams. Either way it is written and read in the same way, keeps its
 * windows and its retention, and a record keeps its {@link dev.streamwal.reader.EntryRef}. What is shared is files: so a hundred thousand streams
 * that get a record now and then take a few files, and not as many as there are streams and windows.
 *
 * @since 1.0
 */
public enum Segments {

    /** Its own as long as fewer than {@link WalOptions#ownSegments()} streams have any, or where a record is too large to share; else shared. */
    AUTO(SegmentChoice.AUTO),

    /**
     * Its own, always, whatever {@link WalOptions#ownSegments()} says. While it is appended to, such a stream holds a mapping, or a descriptor where
     * files aren't mapped: so many of them need limits of the system that allow for it. Where one can't be had, an append throws, and the stream
     * can be appended to later.
     */
    OWN(SegmentChoice.OWN),

    /** Shared, but for records that are too large for that. */
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
