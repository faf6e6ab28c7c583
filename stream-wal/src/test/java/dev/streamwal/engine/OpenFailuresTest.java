package dev.streamwal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.StreamKey;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OpenFailuresTest {

    private static final RuntimeException CAUSE = new IllegalStateException("made to fail");

    private long nowMillis;
    private final OpenFailures failures = new OpenFailures(() -> Instant.ofEpochMilli(nowMillis));

    private void assertOpen(String task, long sinceMillis) {
        OpenFailures.View view = failures.view();
        assertThat(view.last()).hasValueSatisfying(last -> assertThat(last.task()).isEqualTo(task));
        assertThat(view.since()).isEqualTo(Instant.ofEpochMilli(sinceMillis));
    }

    private void assertNoneOpen(long sinceMillis) {
        assertThat(failures.view()).isEqualTo(new OpenFailures.View(false, Instant.ofEpochMilli(sinceMillis), java.util.Optional.empty()));
    }

    @Test
    void keyOf_theLogsOwnStream_isNoneOfTheProgram() {
        assertThat(OpenFailures.keyOf("a")).contains("a");
        assertThat(OpenFailures.keyOf(null)).isEmpty();
        assertThat(OpenFailures.keyOf(StreamKey.SHARED.text())).isEmpty();
    }

    @Test
    void failed_isOverWhenAnAttemptThatBeganLaterHasEnded() {
        assertNoneOpen(0);
        nowMillis = 10;
        long before = failures.begins();
        failures.failed("seal", "a", CAUSE);
        assertOpen("seal", 10);
        nowMillis = 20;
        failures.ended("seal", "a", before);
        assertOpen("seal", 10);
        long after = failures.begins();
        failures.ended("seal", "b", after);
        failures.ended("prepare", "a", after);
        failures.ended("seal", null, after);
        assertOpen("seal", 10);
        failures.ended("seal", "a", after);
        assertNoneOpen(20);
    }

    @Test
    void failed_soDoesTheClock_isKnownAllTheSame() {
        nowMillis = 1;
        OpenFailures timeless = new OpenFailures(() -> {
            if (nowMillis == 0) {
                throw CAUSE;
            }
            return Instant.ofEpochMilli(nowMillis);
        });
        nowMillis = 0;
        timeless.failedForGood("flush", null, CAUSE);
        assertThat(timeless.view().isFinal()).isTrue();
        assertThat(timeless.view().since()).isEqualTo(Instant.ofEpochMilli(1));
    }

    @Test
    void failed_againMeanwhile_isOpenStillSinceTheFirst() {
        nowMillis = 10;
        failures.failed("sweep", "a", CAUSE);
        long begun = failures.begins();
        nowMillis = 20;
        failures.failed("sweep", "b", CAUSE);
        failures.endedForAll("sweep", begun);
        assertOpen("sweep", 10);
        assertThat(failures.view().last().orElseThrow().key()).isEqualTo("b");
        failures.failed("sweep", "a", CAUSE);
        assertThat(failures.view().last().orElseThrow().key()).isEqualTo("a");
        nowMillis = 30;
        failures.endedForAll("sweep", failures.begins());
        assertNoneOpen(30);
    }

    @Test
    void failed_severalTasks_theLastThatIsOpenIsShown() {
        failures.failed("pack", null, CAUSE);
        failures.failed("seal", "a", CAUSE);
        failures.failed("sweep", "a", CAUSE);
        assertOpen("sweep", 0);
        failures.endedForStream("a", "sweep");
        assertOpen("sweep", 0);
        failures.endedForAll("sweep", failures.begins());
        assertOpen("pack", 0);
        failures.endedForStream("a", "");
        assertOpen("pack", 0);
        nowMillis = 40;
        failures.ended("pack", null, failures.begins());
        assertNoneOpen(40);
    }

    @Test
    void failedForGood_staysWhateverEnds() {
        failures.failed("seal", "a", CAUSE);
        nowMillis = 10;
        Exception first = new IllegalStateException("first");
        failures.failedForGood("commit", null, first);
        nowMillis = 20;
        failures.failedForGood("commit", null, CAUSE);
        failures.failed("sweep", null, CAUSE);
        failures.endedForAll("commit", failures.begins());
        failures.endedForStream("a", "");
        OpenFailures.View view = failures.view();
        assertThat(view.isFinal()).isTrue();
        assertThat(view.since()).isEqualTo(Instant.ofEpochMilli(10));
        assertThat(view.last().orElseThrow().cause()).isSameAs(first);
    }

    @Test
    void failed_ofMoreStreamsThanAreRemembered_isOverWhenAllAreOver() {
        for (int i = 0; i < OpenFailures.MAX_OPEN; i++) {
            failures.failed("recover", "s" + i, CAUSE);
        }
        failures.failed("seal", "one more", CAUSE);
        assertOpen("seal", 0);
        failures.endedForAll("recover", failures.begins());
        assertOpen("seal", 0);
        nowMillis = 10;
        failures.ended("seal", "one more", failures.begins());
        assertNoneOpen(10);
    }

    /** As while a disk fails under many streams. */
    @Test
    void failed_ofManyStreams_fewCausesAreKept_andNoneOfTheTasksIsMissed() {
        int all = OpenFailures.MAX_OPEN;
        List<Exception> causes = new ArrayList<>();
        for (int i = 0; i < all; i++) {
            causes.add(new IOException("no sector of stream " + i));
            failures.failed("seal", "s" + i, causes.get(i));
        }
        int kept = 0;
        for (int i = all - 1; i >= 0; i--) {
            OpenFailures.Failure last = failures.view().last().orElseThrow();
            assertThat(last.task()).isEqualTo("seal");
            assertThat(last.key()).isEqualTo("s" + i);
            assertThat(last.cause()).hasToString("java.io.IOException: no sector of stream " + i);
            kept += last.cause().equals(causes.get(i)) ? 1 : 0;
            assertThat(last.cause().equals(causes.get(i)) || last.cause().getStackTrace().length == 0).isTrue();
            failures.ended("seal", "s" + i, failures.begins());
        }
        assertNoneOpen(0);
        assertThat(kept).as("of the last ones the cause itself").isEqualTo(100);
    }

    /** One that fails again is the last one again, with its cause. */
    @Test
    void failed_olderOneAgain_isTheLast() {
        for (int i = 0; i < 500; i++) {
            failures.failed("seal", "s" + i, CAUSE);
        }
        Exception again = new IllegalStateException("again");
        failures.failed("seal", "s3", again);
        assertThat(failures.view().last().orElseThrow().cause()).isSameAs(again);
        failures.ended("seal", "s3", failures.begins());
        assertThat(failures.view().last().orElseThrow().key()).isEqualTo("s499");
        failures.endedForStream("s7", "");
        failures.endedForAll("seal", failures.begins());
        assertNoneOpen(0);
    }
}
