package dev.streamwal.catalog;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.shared.SharedSegment;
import java.io.IOException;
import java.util.List;
import java.util.function.Predicate;

/**
 * Tells whether looks at the shared segments have seen all records in them. A segment that was packed between two looks isn't walked any more, and
 * {@link Manifest#sharedBelow} shows that there was one. A look has seen all records of a segment if the segment was complete, or if the next segment
 * says that it ended where the look has come to. One thread.
 */
public final class SharedProgress {

    private static final long NONE = -1;

    private final ChannelCache channels;
    private boolean isFirst = true;
    /** Base position of the newest segment that was looked at. */
    private long newest = NONE;
    /** Base position of the oldest segment of which the last look hasn't seen all; {@link Long#MAX_VALUE} where there is none. */
    private long incomplete = Long.MAX_VALUE;
    /** Where the look at that one ended, in the shared stream. */
    private long end = NONE;

    /** Begins with the next look. */
    public SharedProgress(LogSource log) {
        this.channels = log.channels();
    }

    /**
     * Called before each look.
     *
     * @param live the segments that aren't packed, the oldest first
     * @return false where a segment that isn't live any more may have had records that no look has seen
     */
    public boolean begin(Manifest manifest, List<SharedSegment> live) throws IOException {
        long packed = manifest.sharedBelow() - 1;
        if (isFirst) {
            isFirst = false;
            newest = packed;
            return true;
        }
        if (packed > newest) {
            newest = packed;
            incomplete = Long.MAX_VALUE;
            return false;
        }
        if (packed < incomplete || (incomplete == newest && live.isEmpty())) {
            // in the second case, the next segment will tell
            return true;
        }
        boolean isAll = incomplete == newest && previousEnd(live.get(0)) == end;
        incomplete = Long.MAX_VALUE;
        return isAll;
    }

    /**
     * Called in each look, for the segments that are live.
     *
     * @param isSeen whether the look has seen all records of a segment up to where it has been walked by now
     */
    public void looked(List<SharedSegment> live, Predicate<SharedSegment> isSeen) throws IOException {
        if (live.isEmpty()) {
            return;
        }
        newest = live.get(live.size() - 1).file().basePosition();
        incomplete = Long.MAX_VALUE;
        for (int i = 0; i < live.size() && incomplete == Long.MAX_VALUE; i++) {
            SharedSegment segment = live.get(i);
            long walkedTo = segment.walkedTo();
            boolean isWhole = segment.isComplete() || (i + 1 < live.size() && previousEnd(live.get(i + 1)) == walkedTo);
            boolean isSeenToThere = isSeen.test(segment);
            if (!isWhole || !isSeenToThere) {
                incomplete = segment.file().basePosition();
                end = isSeenToThere ? walkedTo : NONE;
            }
        }
    }

    /** Where the data before a segment ended, by its header; -2 where that can't be read. */
    private long previousEnd(SharedSegment segment) throws IOException {
        try {
            return segment.file().header(channels).previousEnd();
        } catch (CorruptSegmentException e) {
            return NONE - 1;
        }
    }
}
