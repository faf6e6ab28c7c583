package dev.streamwal.walk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.walk.StopFacts.Place;
import dev.streamwal.walk.StopFacts.Side;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class StopVerdictTest {

    /** One combination of everything; notes what was asked for. */
    private record Facts(
            Place place, Side footer, Side reserved, boolean successor, Side successorEnd, boolean finished, boolean cutShort,
            boolean marked, boolean validBehind, Set<String> asked) implements StopFacts {

        @Override
        public Side ofFooter() {
            asked.add("footer");
            return footer;
        }

        @Override
        public Side ofReserved() {
            assertThat(asked).as("the successor is listed after the writer was asked").doesNotContain("successor");
            asked.add("reserved");
            return reserved;
        }

        @Override
        public boolean hasSuccessor() {
            asked.add("successor");
            return successor;
        }

        @Override
        public Side ofSuccessor() {
            asked.add("successor end");
            return successorEnd;
        }

        @Override
        public boolean isFinished() {
            asked.add("finished");
            return finished;
        }

        @Override
        public boolean isCutShort() {
            asked.add("cut");
            return cutShort;
        }

        @Override
        public boolean isMarked() {
            asked.add("mark");
            return marked;
        }

        @Override
        public boolean hasValidBehind() {
            asked.add("search");
            return validBehind;
        }

        boolean quiet() {
            return place == Place.QUIET;
        }

        boolean open() {
            return place != Place.TOO_NEW && footer == Side.UNKNOWN && !(quiet() && reserved == Side.AT);
        }

        boolean newest() {
            return open() && !successor;
        }

        boolean before(Side end) {
            return open() && successor && successorEnd == end;
        }

        boolean quietBeforeEnd() {
            return before(Side.BEFORE) && quiet();
        }

        boolean foreign() {
            return reserved == Side.UNKNOWN;
        }
    }

    private record Row(StopVerdict verdict, Predicate<Facts> when) {}

    private static final List<Row> ROWS = List.of(
            new Row(StopVerdict.TOO_NEW, f -> f.place() == Place.TOO_NEW),
            // the footer knows
            new Row(StopVerdict.DAMAGED_BELOW_FOOTER, f -> f.place() != Place.TOO_NEW && f.footer() == Side.BEFORE),
            new Row(StopVerdict.LEAVE, f -> f.place() != Place.TOO_NEW && (f.footer() == Side.AT || f.footer() == Side.BEHIND)),
            new Row(StopVerdict.END, f -> f.quiet() && f.footer() == Side.UNKNOWN && f.reserved() == Side.AT),
            // the newest segment, of this process
            new Row(StopVerdict.END, f -> f.newest() && (f.reserved() == Side.AT || f.reserved() == Side.BEHIND)),
            new Row(StopVerdict.AWAIT, f -> f.newest() && f.quiet() && f.reserved() == Side.BEFORE),
            new Row(StopVerdict.DAMAGED_BELOW_RESERVED, f -> f.newest() && !f.quiet() && f.reserved() == Side.BEFORE),
            // the newest segment, of another
            new Row(StopVerdict.DAMAGED_BELOW_MARK, f -> f.newest() && f.foreign() && f.marked()),
            new Row(StopVerdict.END, f -> f.newest() && f.foreign() && !f.marked() && (f.quiet() || !f.validBehind())),
            new Row(StopVerdict.DAMAGED_BEFORE_RECORDS,
                    f -> f.newest() && f.foreign() && !f.marked() && !f.quiet() && f.validBehind()),
            // an older segment
            new Row(StopVerdict.LEAVE, f -> f.before(Side.AT) || f.before(Side.BEHIND)),
            new Row(StopVerdict.LEAVE, f -> f.before(Side.UNKNOWN) && (f.quiet() || !f.validBehind())),
            new Row(StopVerdict.DAMAGED_BEFORE_RECORDS, f -> f.before(Side.UNKNOWN) && !f.quiet() && f.validBehind()),
            new Row(StopVerdict.DAMAGED_BELOW_SUCCESSOR, f -> f.before(Side.BEFORE) && !f.quiet()),
            new Row(StopVerdict.AWAIT, f -> f.quietBeforeEnd() && !f.foreign() && !f.finished()),
            new Row(StopVerdict.DAMAGED_BY_A_CUT, f -> f.quietBeforeEnd() && (f.foreign() || f.finished()) && f.cutShort()),
            new Row(StopVerdict.DAMAGED_IN_FINISHED, f -> f.quietBeforeEnd() && !f.foreign() && f.finished() && !f.cutShort()),
            new Row(StopVerdict.DAMAGED_BELOW_MARK, f -> f.quietBeforeEnd() && f.foreign() && !f.cutShort() && f.marked()),
            new Row(StopVerdict.END, f -> f.quietBeforeEnd() && f.foreign() && !f.cutShort() && !f.marked()));

    private static List<Facts> all() {
        List<Facts> all = new ArrayList<>();
        for (Place place : Place.values()) {
            for (Side footer : Side.values()) {
                for (Side reserved : Side.values()) {
                    for (Side successorEnd : Side.values()) {
                        for (int bits = 0; bits < 32; bits++) {
                            all.add(new Facts(place, footer, reserved, (bits & 1) != 0, successorEnd, (bits & 2) != 0, (bits & 4) != 0,
                                    (bits & 8) != 0, (bits & 16) != 0, new TreeSet<>()));
                        }
                    }
                }
            }
        }
        return all;
    }

    @Test
    void of_everyCombination_isTheOneRowThatMatches() throws IOException {
        Set<Row> used = new HashSet<>();
        for (Facts facts : all()) {
            List<Row> matching = ROWS.stream().filter(row -> row.when().test(facts)).toList();
            assertThat(matching).as("%s", facts).hasSize(1);
            assertThat(StopVerdict.of(facts)).as("%s", facts).isEqualTo(matching.get(0).verdict());
            used.addAll(matching);
        }
        assertThat(used).hasSameSizeAs(ROWS);
    }

    @Test
    void of_everyCombination_asksForNoMoreThanItNeeds() throws IOException {
        for (Facts facts : all()) {
            StopVerdict verdict = StopVerdict.of(facts);
            if (facts.quiet()) {
                assertThat(facts.asked()).as("%s", facts).doesNotContain("search");
            }
            if (facts.quiet() && facts.footer() == Side.UNKNOWN && facts.reserved() == Side.AT) {
                assertThat(facts.asked()).as("at the end of what is written here, %s", facts).containsOnly("footer", "reserved");
            }
            if (verdict == StopVerdict.TOO_NEW) {
                assertThat(facts.asked()).isEmpty();
            }
        }
    }
}
