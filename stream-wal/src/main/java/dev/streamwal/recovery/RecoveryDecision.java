package dev.streamwal.recovery;

/** What recovery does at a place where a walk over a stream's records finds something unexpected. */
public enum RecoveryDecision {
    /** The data ends here; what follows, zeros and the rest of an unpublished slot, is cut. */
    KEEP("the data ends here"),
    /** A slot that a killed process had reserved: it becomes padding, and the walk goes on behind it. */
    PAD_HOLE("a slot that was reserved and not published became padding"),
    /** The end of the data was being written, or wasn't promised to survive: it is set aside and cut. */
    CUT_TORN_TAIL("a torn tail was cut"),
    /** Damage with data behind it: it is set aside and becomes padding, and the walk goes on behind it. */
    SKIP_DAMAGE("damaged records were set aside and became padding"),
    /** Damage with nothing known behind it: the rest is set aside and becomes padding, so that its positions are not given again. */
    PAD_DAMAGED_END("the damaged end was set aside and became padding"),
    /** Records are missing from the file: the rest is kept; the stream continues at positions never given. */
    KEEP_WHAT_IS_LEFT("records are missing at the end: what is left was kept"),
    /** What stands behind a part that was lost before it was durable: set aside, so that the stream is a prefix without holes. */
    SET_ASIDE_BEHIND("its header, or a segment before it, was lost before that was durable: the segment was set aside"),
    /** A segment whose header is damaged: it is left as it is, and the stream goes on behind it. */
    SKIP_UNREADABLE("its header is damaged: the stream continues after the segment"),
    /** Segments that were there are gone: the stream goes on behind them. */
    GO_ON_BEHIND_GAP("segments are missing before it: the stream continues after them"),
    /** Damage: nothing is changed, and the stream isn't opened for writing. */
    REFUSE_CORRUPT("it is damaged"),
    /** Written by a newer version: nothing is changed, and the stream isn't opened for writing. */
    REFUSE_TOO_NEW("a record needs a newer version");

    private final String meaning;

    RecoveryDecision(String meaning) {
        this.meaning = meaning;
    }

    /** Whether something is not as it was written, and was promised to survive. */
    public boolean isAboutDamage() {
        return switch (this) {
            case SKIP_DAMAGE, PAD_DAMAGED_END, KEEP_WHAT_IS_LEFT, SKIP_UNREADABLE, GO_ON_BEHIND_GAP, REFUSE_CORRUPT -> true;
            case KEEP, PAD_HOLE, CUT_TORN_TAIL, SET_ASIDE_BEHIND, REFUSE_TOO_NEW -> false;
        };
    }

    /** The decision as text. */
    public String meaning() {
        return meaning;
    }
}
