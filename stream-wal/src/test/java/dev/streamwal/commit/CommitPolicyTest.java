package dev.streamwal.commit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.commit.CommitPolicy.Choice;
import dev.streamwal.journal.JournalBlock;
import org.junit.jupiter.api.Test;

/** Over all inputs of a small journal, and those at the ends of the ranges. */
class CommitPolicyTest {

    private static final int MAX_STREAM = 16;
    private static final int MENTION = 3;

    private final CommitPolicy policy = new CommitPolicy(new JournalSizes(16 << 10, 16 << 10, 32 << 10, 8 << 10, MAX_STREAM));

    @Test
    void choose_everySmallInput_journalsWhatFitsForcesWhatIsTooMuchAndElseWaits() {
        int[] seen = new int[Choice.values().length];
        for (int bytes = 1; bytes <= 2 * MAX_STREAM; bytes++) {
            for (int taken = 0; taken <= 2 * MAX_STREAM; taken++) {
                for (int room = 0; room <= 3 * MAX_STREAM; room++) {
                    Choice choice = policy.choose(bytes, taken, MENTION, room);
                    boolean tooMuch = bytes + taken > MAX_STREAM;
                    String what = bytes + " bytes, " + taken + " taken, room for " + room;
                    switch (choice) {
                        case JOURNAL -> assertThat(!tooMuch && bytes + MENTION <= room).as(what).isTrue();
                        case FORCE -> assertThat(tooMuch && MENTION <= room).as(what).isTrue();
                        case NEXT_BLOCK -> assertThat((tooMuch ? MENTION : bytes + MENTION) > room).as(what).isTrue();
                    }
                    seen[choice.ordinal()]++;
                }
            }
        }
        assertThat(seen).doesNotContain(0);
    }

    /** A force of a segment writes all that is dirty in it, and whoever is in flight would wait for that again and again. */
    @Test
    void choose_tenThousandSharedRecordsInFlight_journalsThem() {
        int bytesOfARecord = 192;
        JournalSizes sizes = JournalSizes.DEFAULT;
        assertThat(new CommitPolicy(sizes).choose(10_000 * bytesOfARecord, 0, MENTION, sizes.maxBlockBytes() - JournalBlock.PREFIX_BYTES))
                .isEqualTo(Choice.JOURNAL);
    }

    @Test
    void choose_anEmptyBlock_neverWaits() {
        int room = (8 << 10) - JournalBlock.PREFIX_BYTES;
        for (int bytes : new int[] {1, MAX_STREAM, MAX_STREAM + 1, Integer.MAX_VALUE}) {
            for (long taken : new long[] {0, 1, Integer.MAX_VALUE, Long.MAX_VALUE / 2}) {
                assertThat(policy.choose(bytes, taken, MENTION, room)).isNotEqualTo(Choice.NEXT_BLOCK);
            }
        }
    }
}
