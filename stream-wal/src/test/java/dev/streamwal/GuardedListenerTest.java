package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GuardedListenerTest {

    private static final SealedSegment SEALED =
            new SealedSegment(new SealedSegment.Fields(Path.of("a.seg"), "s", 0, 8, Instant.EPOCH, 4_096));
    private static final DeletedSegment DELETED = new DeletedSegment(
            new DeletedSegment.Fields(Path.of("a.seg"), "s", 0, Instant.EPOCH, 4_096, DeletedSegment.Reason.EXPIRED));
    private static final RecoveryReport.StreamFindings RECOVERED = new RecoveryReport.StreamFindings(
            new RecoveryReport.StreamFindings.Fields("s", RecoveryReport.Sums.NONE, List.of(), 0, Optional.empty()));

    @Test
    void events_listenerIsSound_reachIt() {
        List<Object> heard = new ArrayList<>();
        WalListener guarded = new GuardedListener(new WalListener() {
            @Override
            public void onSealed(SealedSegment segment) {
                heard.add(segment);
            }

            @Override
            public void onSwept(DeletedSegment segment) {
                heard.add(segment);
            }

            @Override
            public void onRecovered(RecoveryReport.StreamFindings segment) {
                heard.add(segment);
            }

            @Override
            public void onFailure(String task, Optional<String> stream, Throwable failure) {
                heard.add(task + stream + failure.getMessage());
            }
        });

        guarded.onSealed(SEALED);
        guarded.onSwept(DELETED);
        guarded.onRecovered(RECOVERED);
        guarded.onFailure("sweep", Optional.empty(), new IllegalStateException("why"));

        assertThat(heard).containsExactly(SEALED, DELETED, RECOVERED, "sweepOptional.emptywhy");
    }

    @Test
    void events_listenerThrows_areReportedToItAsFailures() {
        List<String> heard = new ArrayList<>();
        WalListener guarded = new GuardedListener(new WalListener() {
            @Override
            public void onSealed(SealedSegment segment) {
                throw new IllegalStateException("in sealed");
            }

            @Override
            public void onSwept(DeletedSegment segment) {
                throw new AssertionError("in swept");
            }

            @Override
            public void onFailure(String task, Optional<String> stream, Throwable failure) {
                heard.add(task + " " + stream.orElse("-") + " " + failure.getMessage());
            }
        });

        guarded.onSealed(SEALED);
        guarded.onSwept(DELETED);

        assertThat(heard).containsExactly("listener s in sealed", "listener s in swept");
    }

    @Test
    void onFailure_listenerThrowsThereToo_endsThere() {
        WalListener guarded = new GuardedListener(new WalListener() {
            @Override
            public void onRecovered(RecoveryReport.StreamFindings segment) {
                throw new IllegalStateException();
            }

            @Override
            public void onFailure(String task, Optional<String> stream, Throwable failure) {
                throw new StackOverflowError();
            }
        });

        assertThatCode(() -> guarded.onRecovered(RECOVERED)).doesNotThrowAnyException();
        assertThatCode(() -> guarded.onFailure("seal", Optional.of("s"), new RuntimeException()))
                .doesNotThrowAnyException();
    }

    @Test
    void reasonOf_everyCause_hasTheSameName() {
        for (var cause : dev.streamwal.retention.ExpiryPlan.Cause.values()) {
            assertThat(DeletedSegment.Reason.of(cause)).hasToString(cause.name());
        }
    }
}
