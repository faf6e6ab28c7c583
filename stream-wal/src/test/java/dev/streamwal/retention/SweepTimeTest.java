package dev.streamwal.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.retention.ExpiryPlan.Segment;
import dev.streamwal.retention.ExpiryPlan.Stream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SweepTimeTest {

    private static final int TIMES = 6;

    /** Every window end, expiration, known time, advance and clock of a small world, one stream of up to two segments beside another. */
    @Test
    void of_allSmallInputs_keepsExactlyWhatTheJumpWouldTake() {
        List<Segment> all = new ArrayList<>();
        for (long end = 0; end < TIMES; end++) {
            for (long expiration = end; expiration < TIMES; expiration++) {
                all.add(new Segment(all.size(), expiration, end, 1 + all.size(), true));
            }
        }
        for (long now = 0; now < TIMES; now++) {
            for (long known = 0; known < TIMES; known++) {
                for (long advance = 0; advance < TIMES; advance++) {
                    for (Segment one : all) {
                        check(now, known, advance, List.of(new Stream("a", 9, List.of(one))));
                        for (Segment other : all) {
                            check(now, known, advance, List.of(new Stream("a", 9, List.of(one, other)), new Stream("b", 3, List.of(other))));
                        }
                    }
                }
            }
        }
    }

    private static void check(long now, long known, long advance, List<Stream> streams) {
        check(now, known, advance, streams, true);
        check(now, known, advance, streams, false);
    }

    private static void check(long now, long known, long advance, List<Stream> streams, boolean hasOthers) {
        SweepTime.Outcome outcome = SweepTime.of(now, known, advance, streams, before -> {
            assertThat(before).isEqualTo(known + advance);
            return hasOthers;
        });
        int kept = 0;
        long bytes = 0;
        for (int s = 0; s < streams.size(); s++) {
            for (int i = 0; i < streams.get(s).segments().size(); i++) {
                Segment segment = streams.get(s).segments().get(i);
                Segment view = outcome.streams().get(s).segments().get(i);
                boolean dueByKnown = segment.expirationMillis() <= known;
                boolean dueByClock = segment.expirationMillis() <= now;
                boolean begunBeforeTheJump = segment.windowEndMillis() <= known + advance;
                boolean stays = now > known + advance && dueByClock && !dueByKnown && begunBeforeTheJump;
                assertThat(view.expirationMillis() <= now).isEqualTo(dueByClock && !stays);
                assertThat(view.withExpiration(0)).isEqualTo(segment.withExpiration(0));
                kept += stays ? 1 : 0;
                bytes += stays ? segment.bytes() : 0;
            }
            assertThat(outcome.streams().get(s).key()).isEqualTo(streams.get(s).key());
            assertThat(outcome.streams().get(s).maxBytes()).isEqualTo(streams.get(s).maxBytes());
        }
        assertThat(outcome.segments()).isEqualTo(kept);
        assertThat(outcome.bytes()).isEqualTo(bytes);
        assertThat(outcome.isBelieved()).isEqualTo(now <= known + advance || (kept == 0 && !hasOthers));
    }

    @Test
    void of_clockAtTheEndOfTime_isDoubted() {
        Segment segment = new Segment(0, 10, 5, 1, true);
        Stream stream = new Stream("a", 9, List.of(segment));
        assertThat(SweepTime.of(Long.MAX_VALUE, 0, 100, List.of(stream), before -> false).segments()).isOne();
        assertThat(SweepTime.of(Long.MAX_VALUE, Long.MAX_VALUE - 5, 100, List.of(stream), before -> true).isBelieved()).isTrue();
        assertThat(SweepTime.of(Long.MIN_VALUE, 0, 100, List.of(stream), before -> true).isBelieved()).isTrue();
    }
}
