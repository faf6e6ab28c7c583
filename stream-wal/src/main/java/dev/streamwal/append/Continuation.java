package dev.streamwal.append;

import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.Window;
import dev.streamwal.recovery.StreamRecovery;
import dev.streamwal.retention.StreamPolicy;

/**
 * Where a stream goes on when its next segment is created. A stream goes on where it ended, unless nobody knows where that was, its last
 * segment is gone, or an earlier writer didn't close the log: then at the log's start, which is above every position that was given. Pure.
 * Guarded by the stream's rotation lock.
 */
final class Continuation {

    private static final long UNKNOWN = -1;

    private long end = UNKNOWN;
    /** Where the stream ended that was here before, if it is gone. */
    private long endBefore = UNKNOWN;
    private boolean contiguous;
    private boolean isFromElsewhere;
    private long lowestBase;
    private long lastWindowStart = Long.MIN_VALUE;

    /** Whether it is known where the last record ended. */
    boolean hasEnd() {
        return end != UNKNOWN;
    }

    /** Whether the stream's newest records weren't in a segment of its own. */
    boolean isFromElsewhere() {
        return isFromElsewhere;
    }

    /** Where the last record ended. */
    long end() {
        return end;
    }

    /** The stream's newest segment takes no more. Gives the same however often it is called. */
    void after(ActiveSegment segment) {
        SegmentHeader header = segment.header();
        end = segment.endPosition();
        lastWindowStart = header.window().startMillis();
        contiguous = !segment.isEmpty() || header.basePosition() == end;
        nothingBelow(segment.lowestNextPosition());
        if (segment.isEmpty()) {
            // whoever reads it would not find a successor that begins at the same position, or take it for this one
            nothingBelow(header.basePosition() + RecordLayout.ALIGNMENT);
        }
    }

    /** What recovery found. */
    void after(StreamRecovery.Outcome recovered) {
        end = recovered.end().orElse(UNKNOWN);
        contiguous = recovered.contiguous();
        lastWindowStart = recovered.lastWindowStart();
    }

    /** What the stream has in packs is all that there is of it; positions behind may have been given. */
    void after(PackedData.End packed) {
        end = packed.position();
        isFromElsewhere = true;
        contiguous = false;
        lastWindowStart = packed.windowStartMillis();
    }

    /**
     * The stream shares segments with others no more.
     *
     * @param newEnd where its data ends
     * @param lowest what is below was given, or may have been
     */
    void afterSharing(long newEnd, long lowest, long windowStart) {
        end = newEnd;
        isFromElsewhere = true;
        contiguous = true;
        lastWindowStart = windowStart;
        nothingBelow(lowest);
    }

    /** The newest segment is gone, or is about to go: nothing may be given again. */
    void newestGone() {
        contiguous = false;
    }

    /** No segment that begins below is created from now on. */
    void nothingBelow(long position) {
        lowestBase = Math.max(lowestBase, position);
    }

    /** No segment that begins below is created from now on; before recovery, what began below was deleted since the log was opened. */
    long lowestBase() {
        return lowestBase;
    }

    /** What stood behind {@code newEnd} is cut off; the stream goes on at or above {@code to}, in no window before this one. */
    void cut(long newEnd, long to, long windowStart) {
        end = newEnd;
        contiguous = false;
        lastWindowStart = windowStart;
        nothingBelow(to);
    }

    /** The stream is gone. If it comes again, its first segment says where it ended: so nobody who had read all of it thinks otherwise. */
    void forget() {
        contiguous = false;
        endBefore = end;
        end = UNKNOWN;
        isFromElsewhere = false;
        lastWindowStart = Long.MIN_VALUE;
    }

    /** @param start of the log */
    long nextBase(long start) {
        return Math.max(lowestBase, hasEnd() && contiguous ? end : Math.max(start, end));
    }

    long previousEnd(long nextBase) {
        if (hasEnd()) {
            return end;
        }
        return endBefore == UNKNOWN ? nextBase : endBefore;
    }

    /** Where the window of the newest segment begins; {@link Long#MIN_VALUE} where there is none. */
    long lastWindowStart() {
        return lastWindowStart;
    }

    /**
     * Windows don't go backwards: a late record goes to the stream's last one.
     *
     * @param misdated whether the last one is a mistake of the clock's, and no reason to stay in it
     */
    Window nextWindow(StreamPolicy policy, long timestampMillis, boolean misdated) {
        return policy.windowOf(misdated ? timestampMillis : Math.max(timestampMillis, lastWindowStart));
    }
}
