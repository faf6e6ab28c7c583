package dev.streamwal.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** The checker of histories sees each kind of violation, and none where there is none. */
class HistoryTest {

    private final History history = new History();

    @Test
    void violations_ofOneAfterTheOther_areNone() {
        history.append("a", 0, 1, 0, 40);
        history.read("a", 2, 3, 40);
        history.append("a", 4, 5, 40, 80);
        history.read("a", 6, 7, 80);
        assertThat(history.violations()).isEmpty();
    }

    @Test
    void violations_ofReadBesideAppend_areNone_whicheverItSaw() {
        history.append("a", 0, 10, 0, 40);
        history.read("a", 1, 3, 0);
        history.read("a", 4, 5, 40);
        assertThat(history.violations()).isEmpty();
    }

    @Test
    void violations_ofStaleRead_areSeen() {
        history.append("a", 0, 1, 0, 40);
        history.read("a", 2, 3, 0);
        assertThat(history.violations()).singleElement().asString().contains("without a record that was acknowledged before");
    }

    @Test
    void violations_ofReadsThatGoBack_areSeen() {
        history.append("a", 0, 10, 0, 40);
        history.read("a", 1, 2, 40);
        history.read("a", 3, 4, 0);
        assertThat(history.violations()).singleElement().asString().contains("less than a read before");
    }

    @Test
    void violations_ofReadFromTheFuture_areSeen() {
        history.read("a", 0, 1, 40);
        history.append("a", 2, 3, 0, 40);
        assertThat(history.violations()).hasSize(2).anyMatch(each -> each.contains("read a record that was sent later"));
    }

    @Test
    void violations_ofAppendBeforeAnAcknowledgedOne_areSeen() {
        history.append("a", 0, 1, 40, 80);
        history.append("a", 2, 3, 0, 40);
        assertThat(history.violations()).singleElement().asString().contains("stands before");
    }

    @Test
    void violations_ofAppendTwiceAtOnePosition_areSeen() {
        history.append("a", 0, 1, 0, 40);
        history.append("a", 2, 3, 0, 40);
        assertThat(history.violations()).singleElement().asString().contains("stands before");
    }

    /** Random histories of a register that is right, and the same with one read that is stale by one record. */
    @Test
    void violations_ofRandomHistories_areSeenExactlyWhereThereAreSome() {
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            History right = new History();
            History wrong = new History();
            long end = 0;
            long time = 0;
            int stale = 1 + random.nextInt(99);
            for (int i = 0; i < 100; i++) {
                // operations overlap, but each takes effect at a time of its own, in the middle
                long began = time - random.nextInt(4);
                long ended = time + random.nextInt(4);
                long lately = end;
                if (random.nextBoolean() || i == 0) {
                    end += 40;
                    right.append("a", began, ended, lately, end);
                    wrong.append("a", began, ended, lately, end);
                } else {
                    right.read("a", began, ended, end);
                    wrong.read("a", began, ended, end);
                }
                time += 1;
                if (i == stale) {
                    time += 10; // what was appended is acknowledged by now
                    wrong.read("a", time, time, end - 40);
                    time += 10;
                }
            }
            assertThat(right.violations()).as("seed " + seed).isEmpty();
            assertThat(wrong.violations()).as("seed " + seed).isNotEmpty();
        }
    }
}
