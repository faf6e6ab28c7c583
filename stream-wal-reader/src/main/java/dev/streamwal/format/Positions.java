package dev.streamwal.format;

/**
 * The state that keeps a position from being given twice. Write every state before deriving the next one from it: the
 * next but one would go to the slot that counts now, and a torn write there would bring back the state before.
 *
 * @param sequence of this state; of two the higher one counts
 * @param ceiling at or above base position + capacity of every segment ever created; raised before a segment that needs
 * it is created
 * @param start position where a stream without segments begins; records missing below it have expired
 * @param incarnation counts the times that a writer has opened the log; a segment is appended to in one of them only
 * @param bootId of the machine when {@code incarnation} was opened; empty where it is unknown
 * @param bootIncarnation the first of the incarnations that were opened since the machine with that boot id was started
 * @param closed bit n says whether incarnation {@code incarnation - n} was closed when everything in it was durable;
 * it is unknown for those before the last {@value #CLOSED_KNOWN}
 */
public record Positions(
        long sequence, long ceiling, long start, long incarnation, String bootId, long bootIncarnation, long closed) {

    /** Of a new log, before its first writer: an empty log counts as closed. */
    public static final Positions NEW = new Positions(0, 0, 0, 0, "", 0, 1);

    /** Number of incarnations of which it is known whether they were closed. */
    public static final int CLOSED_KNOWN = Long.SIZE;

    public Positions {
        if (sequence < 0 || ceiling < 0 || start < 0 || start > ceiling || bootIncarnation < 0
                || bootIncarnation > incarnation) {
            throw new IllegalArgumentException("inconsistent positions, with a negative value, start above ceiling or"
                    + " bootIncarnation above incarnation: sequence=" + sequence + ", ceiling=" + ceiling + ", start="
                    + start + ", incarnation=" + incarnation + ", bootIncarnation=" + bootIncarnation);
        }
    }

    /** Whether an incarnation was closed when everything in it was durable; false where it is unknown. */
    public boolean isClosed(long which) {
        long back = incarnation - which;
        return back >= 0 && back < CLOSED_KNOWN && (closed >>> back & 1) == 1;
    }

    /** Whether an earlier incarnation, and all after it but the current one, were closed; false where it is unknown. */
    public boolean wasClosedSince(long first) {
        return incarnation - first < CLOSED_KNOWN && wasClosedAsFarAsKnownSince(first);
    }

    /** As {@link #wasClosedSince}, but an incarnation of which nothing is known counts as closed. */
    public boolean wasClosedAsFarAsKnownSince(long first) {
        long back = Math.min(incarnation - first, CLOSED_KNOWN - 1);
        return back > 0 && Long.numberOfTrailingZeros(~(closed >>> 1)) >= back;
    }

    public Positions withCeiling(long higher) {
        return new Positions(sequence + 1, Math.max(ceiling, higher), start, incarnation, bootId, bootIncarnation, closed);
    }

    /** No position at or above the new start was ever given. */
    public Positions withStartAtCeiling() {
        return new Positions(sequence + 1, ceiling, ceiling, incarnation, bootId, bootIncarnation, closed);
    }

    /** The log is opened. No position at or above the new start was ever given. */
    public Positions withNextIncarnation(String newBootId) {
        boolean sameBoot = !newBootId.isEmpty() && newBootId.equals(bootId);
        return new Positions(sequence + 1, ceiling, ceiling, incarnation + 1, newBootId,
                sameBoot ? bootIncarnation : incarnation + 1, closed << 1);
    }

    /** This incarnation is closed, and everything in it is durable. */
    public Positions withClosed() {
        return new Positions(sequence + 1, ceiling, start, incarnation, bootId, bootIncarnation, closed | 1);
    }

    public Positions withSequence(long other) {
        return new Positions(other, ceiling, start, incarnation, bootId, bootIncarnation, closed);
    }
}
