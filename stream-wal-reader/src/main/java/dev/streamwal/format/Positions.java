package dev.streamwal.format;

/**
 * What makes a position unique for ever. Every state that follows from another must be written before the next is
 * derived from it: the state after the next would go to the slot that counts now, and a torn write there would bring
 * back the one before.
 *
 * @param sequence of this state; of two the higher one counts
 * @param ceiling at or above base position + capacity of every segment ever created; raised before a segment that needs
 * it is created
 * @param start where a stream without segments begins, and below which what is gone has expired
 * @param incarnation counts the times that a writer has opened the log; a segment is appended to in one of them only
 * @param bootId of the machine when {@code incarnation} was opened; empty where nobody knows
 * @param bootIncarnation the first of the incarnations that were opened since the machine with that boot id was started
 * @param closed bit n says whether incarnation {@code incarnation - n} was closed when everything in it was durable;
 * nothing is known of those before the last {@value #CLOSED_KNOWN}
 */
public record Positions(
        long sequence, long ceiling, long start, long incarnation, String bootId, long bootIncarnation, long closed) {

    /** A new log's, before its first writer: nothing is as good as closed. */
    public static final Positions NEW = new Positions(0, 0, 0, 0, "", 0, 1);

    /** Of so many incarnations is known whether they were closed. */
    public static final int CLOSED_KNOWN = Long.SIZE;

    public Positions {
        if (sequence < 0 || ceiling < 0 || start < 0 || start > ceiling || bootIncarnation < 0
                || bootIncarnation > incarnation) {
            throw new IllegalArgumentException("positions only grow, start is at or below the ceiling, and a boot's first"
                    + " incarnation at or before the last: sequence=" + sequence + ", ceiling=" + ceiling + ", start="
                    + start + ", incarnation=" + incarnation + ", bootIncarnation=" + bootIncarnation);
        }
    }

    /** Whether an incarnation was closed when everything in it was durable; false where nobody knows. */
    public boolean isClosed(long which) {
        long back = incarnation - which;
        return back >= 0 && back < CLOSED_KNOWN && (closed >>> back & 1) == 1;
    }

    /** Whether an earlier incarnation, and all after it but the current one, were closed; false where nobody knows. */
    public boolean wasClosedSince(long first) {
        return incarnation - first < CLOSED_KNOWN && wasClosedAsFarAsKnownSince(first);
    }

    /** Whether none of those from an earlier incarnation on, but the current one, is known not to have been closed. */
    public boolean wasClosedAsFarAsKnownSince(long first) {
        long back = Math.min(incarnation - first, CLOSED_KNOWN - 1);
        return back > 0 && Long.numberOfTrailingZeros(~(closed >>> 1)) >= back;
    }

    public Positions withCeiling(long higher) {
        return new Positions(sequence + 1, Math.max(ceiling, higher), start, incarnation, bootId, bootIncarnation, closed);
    }

    /** Nothing that was ever given is at or above the new start. */
    public Positions withStartAtCeiling() {
        return new Positions(sequence + 1, ceiling, ceiling, incarnation, bootId, bootIncarnation, closed);
    }

    /** The log is opened. Nothing that was ever given is at or above the new start. */
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
