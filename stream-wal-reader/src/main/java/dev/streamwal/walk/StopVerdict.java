package dev.streamwal.walk;

import dev.streamwal.walk.StopFacts.Place;
import dev.streamwal.walk.StopFacts.Side;
import java.io.IOException;

/** The meaning of a place where a segment's scan has stopped. A pure function of the facts; a test goes through all combinations. */
enum StopVerdict {
    /** The end of the stream, for now. */
    END,
    /** The end of the segment: go on with the next one. */
    LEAVE,
    /** A slot that this process has reserved, and not published yet: wait for it. */
    AWAIT,
    /** A record of a newer version: report it, and go on after it. */
    TOO_NEW,
    DAMAGED_BELOW_FOOTER("the offset is below the segment's footer"),
    DAMAGED_BELOW_RESERVED("the writer has published this slot"),
    DAMAGED_BELOW_MARK("the segment's mark is at or after the offset"),
    DAMAGED_BELOW_SUCCESSOR("the next segment's header says that the data goes on here"),
    DAMAGED_IN_FINISHED("the writer has finished the segment"),
    DAMAGED_BY_A_CUT("the file ends before the data"),
    DAMAGED_BEFORE_RECORDS("valid records follow, or may follow");

    private final String evidence;

    StopVerdict() {
        this("");
    }

    StopVerdict(String evidence) {
        this.evidence = evidence;
    }

    /** The reason why there should be a record. */
    String evidence() {
        return evidence;
    }

    static StopVerdict of(StopFacts facts) throws IOException {
        if (facts.place() == Place.TOO_NEW) {
            return TOO_NEW;
        }
        Side ofFooter = facts.ofFooter();
        if (ofFooter != Side.UNKNOWN) {
            return ofFooter == Side.BEFORE ? DAMAGED_BELOW_FOOTER : LEAVE;
        }
        Side ofReserved = facts.ofReserved();
        if (facts.place() == Place.QUIET && ofReserved == Side.AT) {
            // no later segment has a record, so there is no need to list them
            return END;
        }
        return facts.hasSuccessor() ? beforeSuccessor(facts, ofReserved) : inNewest(facts, ofReserved);
    }

    private static StopVerdict inNewest(StopFacts facts, Side ofReserved) throws IOException {
        boolean isQuiet = facts.place() == Place.QUIET;
        return switch (ofReserved) {
            case AT, BEHIND -> END;
            case BEFORE -> isQuiet ? AWAIT : DAMAGED_BELOW_RESERVED;
            case UNKNOWN -> {
                if (facts.isMarked()) {
                    yield DAMAGED_BELOW_MARK;
                }
                yield isQuiet || !facts.hasValidBehind() ? END : DAMAGED_BEFORE_RECORDS;
            }
        };
    }

    private static StopVerdict beforeSuccessor(StopFacts facts, Side ofReserved) throws IOException {
        boolean isQuiet = facts.place() == Place.QUIET;
        return switch (facts.ofSuccessor()) {
            case AT, BEHIND -> LEAVE;
            // sealed long ago, and the segments in between were deleted: its end isn't known
            case UNKNOWN -> isQuiet || !facts.hasValidBehind() ? LEAVE : DAMAGED_BEFORE_RECORDS;
            case BEFORE -> isQuiet ? quietBeforeSuccessor(facts, ofReserved) : DAMAGED_BELOW_SUCCESSOR;
        };
    }

    private static StopVerdict quietBeforeSuccessor(StopFacts facts, Side ofReserved) throws IOException {
        boolean isOurs = ofReserved != Side.UNKNOWN;
        if (isOurs && !facts.isFinished()) {
            return AWAIT;
        }
        if (facts.isCutShort()) {
            return DAMAGED_BY_A_CUT;
        }
        if (isOurs) {
            return DAMAGED_IN_FINISHED;
        }
        // another process may not have published it yet
        return facts.isMarked() ? DAMAGED_BELOW_MARK : END;
    }
}
