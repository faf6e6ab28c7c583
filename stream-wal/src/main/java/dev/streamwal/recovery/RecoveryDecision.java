package dev.streamwal.recovery;

/** What is done at the place where the walk over a segment's records stopped. */
public enum RecoveryDecision {
    /** The data ends here; zeros behind it, and what an unpublished slot left there, are cut. */
    KEEP("the data ends here"),
    /** A slot that a killed process had reserved: it becomes padding, and the walk goes on behind it. */
    PAD_HOLE("a slot that was reserved and not published became padding"),
    /** The end of the data was being written: it is set aside and cut. */
    CUT_TORN_TAIL("a torn tail was cut"),
    /** Damage with data behind it: nothing is changed, and the stream isn't opened for writing. */
    REFUSE_CORRUPT("a record is damaged and data stands behind it"),
    /** Written by a newer version: nothing is changed, and the stream isn't opened for writing. */
    REFUSE_TOO_NEW("a record needs a newer version");

    private final String meaning;

    RecoveryDecision(String meaning) {
        this.meaning = meaning;
    }

    /** For people to read. */
    public String meaning() {
        return meaning;
    }
}
