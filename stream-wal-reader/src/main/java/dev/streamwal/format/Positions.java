package dev.streamwal.format;

/**
 * The state that keeps a position from being given twice. Write every state before deriving the next one from it. If one is skipped, the one after it goes to
 * the slot that counts now, and a torn write there brings back the state before.
 *
 * @param sequence of this state; of two the higher one counts
 * @param ceiling at or above base position + capacity of every segment ever created; raised before a segment that needs
 * it is created
 * @param start position where a stream without segments begins; records missing below it have expired
 * @param incarnation counts the times that a writer has opened the log; a segment is appended to in one of them only
 * @param bootId of the machine when {@code incarnation} was opened; empty if it is unknown
 * @param bootIncarnation the first of the incarnations that were opened since the machine with that boot id was started
 * @param closed bit n says whether incarnation {@code incarnation - n} was closed when everything in it was durable;
 * it is unknown for those before the last {@value #CLOSED_KNOWN}
 * @param doubted if it isn't 0, records that streams had in shared segments before incarnation {@code incarnation - doubted + 1} were damaged: a stream may
 * have had more records than its own segments of that time say
 */
public record Positions(
        long sequence, long ceiling, long start, long incarnation, String bootId, long bootIncarnation, long closed, int doubted) {

    /** The positions of a new log, before its first writer: an empty log counts as closed. */
    public static final Positions NEW = new Positions(0, 0, 0, 0, "", 0, 1, 0);

    /** Number of incarnations for which it is known whether they were closed. */
    public static final int CLOSED_KNOWN = Long.SIZE;

    /** Value of {@code doubted} that concerns the present incarnation as well: the next one has 1 instead. */
    public static final int DOUBTED_NOW = CLOSED_KNOWN + 1;

    public Positions {
        if (sequence < 0 || ceiling < 0 || start < 0 || start > ceiling || bootIncarnation < 0
                || bootIncarnation > incarnation || doubted < 0 || doubted > DOUBTED_NOW) {
            throw new IllegalArgumentException("inconsistent positions, with a negative value, start above ceiling,"
                    + " bootIncarnation above incarnation, or doubted above " + DOUBTED_NOW + ": sequence=" + sequence + ", ceiling=" + ceiling + ", start="
                    + start + ", incarnation=" + incarnation + ", bootIncarnation=" + bootIncarnation + ", doubted=" + doubted);
        }
    }

    /** Whether an incarnation was closed when everything in it was durable; false if it is unknown. */
    public boolean isClosed(long which) {
        long back = incarnation - which;
        return back >= 0 && back < CLOSED_KNOWN && (closed >>> back & 1) == 1;
    }

    /** Whether an earlier incarnation, and all after it except the current one, were closed; false if it is unknown. */
    public boolean wasClosedSince(long first) {
        return incarnation - first < CLOSED_KNOWN && wasClosedAsFarAsKnownSince(first);
    }

    /** As {@link #wasClosedSince}, but an incarnation of which nothing is known counts as closed. */
    public boolean wasClosedAsFarAsKnownSince(long first) {
        long back = Math.min(incarnation - first, CLOSED_KNOWN - 1);
        return back > 0 && Long.numberOfTrailingZeros(~(closed >>> 1)) >= back;
    }

    /**
     * Whether a stream may go on where its newest segment ends, if that is one of its own: everything that it was given since is known. False beyond the last
     * {@value #CLOSED_KNOWN} incarnations.
     *
     * @param segment incarnation of that segment
     */
    public boolean isEndBelieved(long segment) {
        return wasClosedSince(segment) && (doubted == 0 || (doubted != DOUBTED_NOW && incarnation - segment < doubted));
    }

    public Positions withCeiling(long higher) {
        return new Positions(sequence + 1, Math.max(ceiling, higher), start, incarnation, bootId, bootIncarnation, closed, doubted);
    }

    /** No position at or above the new start was ever given. */
    public Positions withStartAtCeiling() {
        return new Positions(sequence + 1, ceiling, ceiling, incarnation, bootId, bootIncarnation, closed, doubted);
    }

    /** The log is opened. No position at or above the new start was ever given. */
    public Positions withNextIncarnation(String newBootId) {
        boolean sameBoot = !newBootId.isEmpty() && newBootId.equals(bootId);
        return new Positions(sequence + 1, ceiling, ceiling, incarnation + 1, newBootId,
                sameBoot ? bootIncarnation : incarnation + 1, closed << 1, nextDoubted());
    }

    /** This incarnation is closed, and everything in it is durable. */
    public Positions withClosed() {
        return new Positions(sequence + 1, ceiling, start, incarnation, bootId, bootIncarnation, closed | 1, doubted);
    }

    private int nextDoubted() {
        return doubted == DOUBTED_NOW ? 1 : doubted == 0 || doubted == CLOSED_KNOWN ? 0 : doubted + 1;
    }

    /** Not all records that streams have had in shared segments until now are known. */
    public Positions withDoubtNow() {
        return new Positions(sequence + 1, ceiling, start, incarnation, bootId, bootIncarnation, closed, DOUBTED_NOW);
    }

    /** Not all records that streams had in shared segments before this incarnation are known. */
    public Positions withDoubt() {
        return new Positions(sequence + 1, ceiling, start, incarnation, bootId, bootIncarnation, closed, doubted == DOUBTED_NOW ? DOUBTED_NOW : 1);
    }

    public Positions withSequence(long other) {
        return new Positions(other, ceiling, start, incarnation, bootId, bootIncarnation, closed, doubted);
    }
}
