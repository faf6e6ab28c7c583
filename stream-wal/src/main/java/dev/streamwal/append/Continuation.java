package dev.streamwal.append;

import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.Window;
import dev.streamwal.recovery.StreamRecovery;
import dev.streamwal.retention.KnownTime;
import dev.streamwal.retention.StreamPolicy;

/**
 * Decides where a stream's next segment begins: where the stream ended. If the end is unknown, if the stream's last segment is gone, or if an earlier
 * writer didn't close the log, the segment begins at the log's start, which is above every position that was given. Pure. Guarded by the stream's
 * rotation lock.
 */
final class Continuation {

    private static final long UNKNOWN = -1;

    private long end = UNKNOWN;
    /** Where an earlier stream of this key ended, if it is gone. */
    private long endBefore = UNKNOWN;
    private boolean contiguous;
    private boolean isFromElsewhere;
    private boolean isUncertain;
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

    /** Whether there may be records behind the known end, in a pack that couldn't be read. */
    boolean isUncertain() {
        return isUncertain;
    }

    /** Where the last record ended. */
    long end() {
        return end;
    }

    /** The stream's newest segment takes no more appends. Repeated calls change nothing. */
    void after(ActiveSegment segment) {
        SegmentHeader header = segment.header();
        end = segment.isEmpty() && header.isEndBeforeUnknown() ? UNKNOWN : segment.endPosition();
        isUncertain = false;
        lastWindowStart = header.window().startMillis();
        contiguous = !segment.isEmpty() || header.basePosition() == end;
        nothingBelow(segment.lowestNextPosition());
        if (segment.isEmpty()) {
            // otherwise readers would not find a successor that begins at the same position, or take it for this segment
            nothingBelow(header.basePosition() + RecordLayout.ALIGNMENT);
        }
    }

    /** Takes over what recovery found. */
    void after(StreamRecovery.Outcome recovered) {
        end = recovered.end().orElse(UNKNOWN);
        contiguous = recovered.contiguous();
        lastWindowStart = recovered.lastWindowStart();
    }

    /** Packs may have records behind the stream's newest segment file: the newest segment may be in a pack, or its file was never forced and is lost. */
    void after(PackedData.Newest packed) {
        packed.end().filter(newest -> newest.position() > end).ifPresent(this::afterPacks);
        if (!packed.isWhole()) {
            contiguous = false;
            isUncertain = true;
        }
    }

    /** Positions after that end may have been given. */
    private void afterPacks(PackedData.End packed) {
        end = packed.position();
        isFromElsewhere = true;
        contiguous = false;
        lastWindowStart = packed.windowStartMillis();
    }

    /**
     * The stream no longer shares segments with others.
     *
     * @param newEnd where its data ends
     * @param lowest positions below it were given, or may have been
     */
    void afterSharing(long newEnd, long lowest, long windowStart) {
        end = newEnd;
        isUncertain = false;
        isFromElsewhere = true;
        contiguous = true;
        lastWindowStart = windowStart;
        nothingBelow(lowest);
    }

    /** The newest segment is gone, or will be: no position may be given again. */
    void newestGone() {
        contiguous = false;
    }

    /** From now on no segment is created that begins below this position. */
    void nothingBelow(long position) {
        lowestBase = Math.max(lowestBase, position);
    }

    /** The lowest position at which a segment may begin; before recovery, what began below it was deleted since the log was opened. */
    long lowestBase() {
        return lowestBase;
    }

    /** Everything after {@code newEnd} is cut off; the stream continues at or above {@code to}, in no window before this one. */
    void cut(long newEnd, long to, long windowStart) {
        end = newEnd;
        contiguous = false;
        lastWindowStart = windowStart;
        nothingBelow(to);
    }

    /**
     * The stream was deleted. If it is appended to again, its first segment records where it ended, so that a reader that had read all of it
     * is not misled.
     */
    void forget() {
        contiguous = false;
        endBefore = end;
        end = UNKNOWN;
        isUncertain = false;
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

    /** Where the window of the newest segment begins; {@link Long#MIN_VALUE} if there is none. */
    long lastWindowStart() {
        return lastWindowStart;
    }

    Window nextWindow(StreamPolicy policy, KnownTime time, long timestampMillis, long nowMillis) {
        return policy.windowOf(windowTime(time, lastWindowStart, timestampMillis, nowMillis));
    }

    /**
     * The time whose window a record goes to. Windows don't go backwards: a late record goes to the stream's last window, unless that window was
     * begun while the clock was ahead, and the clock is right now.
     *
     * @param lastWindowStart {@link Long#MIN_VALUE} if the stream has none
     * @param nowMillis by the log's clock
     */
    static long windowTime(KnownTime time, long lastWindowStart, long timestampMillis, long nowMillis) {
        return time.isMisdated(lastWindowStart, nowMillis) ? timestampMillis : Math.max(timestampMillis, lastWindowStart);
    }
}
