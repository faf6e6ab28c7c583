package dev.streamwal.cli.digest;

import java.util.List;

/**
 * What has become of the records of a stream that an anchor covers.
 *
 * @param from the position from which on they could be checked
 * @param checked how many of them could be
 * @param unchecked how many couldn't: their part of the stream has been deleted, as a whole or in part
 * @param end where the last record of the stream ends that the anchor covers; {@code from} where there is none
 * @param differences in order of position
 */
public record StreamFinding(AnchoredStream anchored, State state, long from, long checked, long unchecked, long end, List<Difference> differences) {

    /** What can be said of all of them together. */
    public enum State {
        /** All are there, as they were. */
        UNCHANGED("unchanged"),
        /** The beginning of the stream was deleted; the rest is as it was. */
        PARTLY_EXPIRED("partly expired"),
        /** The stream goes on, and has none of them. */
        EXPIRED("expired"),
        /** There is no such stream any more. */
        GONE("gone"),
        /** The stream ends before they do; what is before is as it was, as far as there is a checkpoint. */
        CUT("cut"),
        /** There are others than there were, or fewer. */
        ALTERED("altered");

        private final String text;

        State(String text) {
            this.text = text;
        }

        /** For people. */
        public String text() {
            return text;
        }

        /** Whether all that is there is as it was, and something is. */
        public boolean isGood() {
            return this == UNCHANGED || this == PARTLY_EXPIRED;
        }
    }

    /**
     * Records that aren't what they were, between two checkpoints.
     *
     * @param from the first one's end
     * @param to the second one's
     * @param then how many records there were
     * @param now how many there are
     */
    public record Difference(long from, long to, long then, long now) {}
}
