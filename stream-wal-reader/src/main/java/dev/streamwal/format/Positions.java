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
 * @param incarnation rises when a writer finds that the machine was restarted since the last one, or can't tell
 * @param bootId of the machine when {@code incarnation} was current; empty where there is none
 */
public record Positions(long sequence, long ceiling, long start, long incarnation, String bootId) {

    /** A new log's, before its first writer. */
    public static final Positions NEW = new Positions(0, 0, 0, 0, "");

    public Positions {
        if (sequence < 0 || ceiling < 0 || start < 0 || start > ceiling || incarnation < 0) {
            throw new IllegalArgumentException("positions only grow, and start is at or below the ceiling: sequence="
                    + sequence + ", ceiling=" + ceiling + ", start=" + start + ", incarnation=" + incarnation);
        }
    }

    public Positions withCeiling(long higher) {
        return new Positions(sequence + 1, Math.max(ceiling, higher), start, incarnation, bootId);
    }

    /** Nothing that was ever given is at or above the new start. */
    public Positions withStartAtCeiling() {
        return new Positions(sequence + 1, ceiling, ceiling, incarnation, bootId);
    }

    public Positions withNextIncarnation(String newBootId) {
        return new Positions(sequence + 1, ceiling, ceiling, incarnation + 1, newBootId);
    }
}
