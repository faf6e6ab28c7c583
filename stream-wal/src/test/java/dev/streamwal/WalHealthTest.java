package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalFailedException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.simulation.Call;
import dev.streamwal.simulation.FaultPlan;
import dev.streamwal.simulation.SimulatedDisk;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;

/** A log is degraded while a background task's last attempt has failed, and failed for good after a flush that failed. */
class WalHealthTest extends DurabilityOnSimulatedDisk {

    private static final String SEGMENT = "\\.seg$";

    WalHealthTest() {
        super(new SimulatedDisk());
    }

    private void failFromNowOn(Call call, String pattern) {
        disk.failing(new FaultPlan(0, EnumSet.of(call), pattern, 1, Integer.MAX_VALUE, FaultPlan.Failure.IO_ERROR));
    }

    private void mend() {
        assertThat(disk.failures()).as("something has failed").isNotEmpty();
        disk.failing(FaultPlan.NONE);
    }

    private Instant later() {
        clock.advance(Duration.ofSeconds(1));
        return clock.instant();
    }

    private static void assertOk(StreamWal wal, Instant since) {
        WalHealth health = wal.health();
        assertThat(health.state()).as("%s", health).isEqualTo(WalHealth.State.OK);
        assertThat(health.since()).isEqualTo(since);
        assertThat(health.task()).isEmpty();
        assertThat(health.key()).isEmpty();
        assertThat(health.cause()).isEmpty();
    }

    private static void assertDegraded(StreamWal wal, String task, Instant since) {
        WalHealth health = wal.health();
        assertThat(health.state()).isEqualTo(WalHealth.State.DEGRADED);
        assertThat(health.task()).contains(task);
        assertThat(health.since()).isEqualTo(since);
        assertThat(health.cause()).isPresent();
    }

    @Test
    void health_nothingHasHappened_isOkSinceTheLogWasOpened() {
        StreamWal wal = open();
        Instant opened = clock.instant();
        later();
        appendDurably(wal, "a", 50);
        wal.sweep();
        assertOk(wal, opened);
        wal.close();
        assertThatThrownBy(wal::health).isInstanceOf(WalClosedException.class);
    }

    @Test
    void health_aSweepFails_isDegradedUntilOneSucceeds() {
        StreamWal wal = open();
        appendDurably(wal, "a", 50);
        clock.advance(WINDOW);
        wal.sweep();
        wal.runBackground();
        clock.advance(RETENTION);
        failFromNowOn(Call.DELETE, SEGMENT);
        Instant failed = later();
        assertThat(wal.sweep().failedSegments()).isEqualTo(1);
        assertDegraded(wal, "sweep", failed);
        assertThat(wal.health().key()).contains("a");
        later();
        assertThat(wal.sweep().failedSegments()).isEqualTo(1);
        assertDegraded(wal, "sweep", failed);
        appendDurably(wal, "b", 50);
        mend();
        Instant mended = later();
        assertThat(wal.sweep().deletedSegments()).isEqualTo(1);
        assertOk(wal, mended);
    }

    @Test
    void health_aSegmentCannotBeSealed_isDegradedUntilItIs() {
        StreamWal wal = open();
        appendDurably(wal, "a", 50);
        clock.advance(WINDOW);
        Instant failed = later();
        append(wal, "a", 50, Durability.BUFFERED);
        failFromNowOn(Call.WRITE, "segments/a/");
        wal.runBackground();
        assertDegraded(wal, "seal", failed);
        assertThat(wal.health().key()).contains("a");
        mend();
        Instant mended = later();
        wal.sweep();
        wal.runBackground();
        assertThat(events.sealed).hasSize(1);
        assertOk(wal, mended);
    }

    /** The callers have the exception; but whoever looks at the health alone must see that nothing is appended. */
    @Test
    void health_anAppendGetsNoSegment_isDegradedUntilOneDoes_andTheListenerIsNotTold() {
        StreamWal wal = open();
        Instant opened = clock.instant();
        failFromNowOn(Call.WRITE, "segments/");
        Instant failed = later();
        assertThatThrownBy(() -> append(wal, "a", 50, Durability.BUFFERED)).isInstanceOf(WalIOException.class);
        assertDegraded(wal, "append", failed);
        later();
        assertThatThrownBy(() -> append(wal, "b", 50, Durability.BUFFERED)).isInstanceOf(WalIOException.class);
        assertDegraded(wal, "append", failed);
        assertThat(wal.health().cause().orElseThrow()).isInstanceOf(WalIOException.class).hasMessageContaining("stream=b");
        assertThat(events.failures).isEmpty();
        assertThat(wal.activity().failures()).isEmpty();
        mend();
        Instant mended = later();
        append(wal, "c", 50, Durability.BUFFERED);
        assertOk(wal, mended);
        assertThat(mended).isAfter(opened);
    }

    @Test
    void health_segmentThatCouldNotBeSealedIsSwept_isOk() {
        StreamWal wal = open();
        appendDurably(wal, "a", 50);
        clock.advance(WINDOW);
        append(wal, "a", 50, Durability.BUFFERED);
        failFromNowOn(Call.WRITE, "segments/a/");
        wal.runBackground();
        clock.advance(WINDOW);
        SweepResult unused = wal.sweep();
        wal.runBackground();
        assertDegraded(wal, "seal", clock.instant().minus(WINDOW));
        clock.advance(RETENTION.plus(WINDOW));
        assertThat(wal.sweep().deletedSegments()).isEqualTo(2);
        mend();
        assertOk(wal, clock.instant());
    }

    @Test
    void health_streamWithAFailureIsDeleted_isOk() {
        StreamWal wal = open();
        appendDurably(wal, "a", 50);
        clock.advance(WINDOW);
        append(wal, "a", 50, Durability.BUFFERED);
        failFromNowOn(Call.WRITE, "segments/a/");
        wal.runBackground();
        assertDegraded(wal, "seal", clock.instant());
        mend();
        assertThat(wal.delete("a")).isTrue();
        assertOk(wal, clock.instant());
    }

    @Test
    void health_packingFails_isDegradedUntilItSucceeds() {
        StreamWal wal = open(options().ownSegments(0));
        for (int i = 0; i < 3; i++) {
            appendDurably(wal, "s" + i, 50);
        }
        clock.advance(WINDOW);
        failFromNowOn(Call.WRITE, "packs/");
        Instant failed = later();
        for (int i = 0; i < 2; i++) {
            int unused = wal.pack();
            wal.runBackground();
        }
        assertDegraded(wal, "pack", failed);
        mend();
        Instant mended = later();
        assertThat(wal.pack()).isEqualTo(3);
        assertOk(wal, mended);
    }

    @Test
    void health_aFlushFails_isFailedUntilTheLogIsOpenedAgain() {
        StreamWal wal = open();
        appendDurably(wal, "a", 50);
        disk.failing(FaultPlan.nthOf(Call.FORCE, "commit/.*journal$", 1, FaultPlan.Failure.IO_ERROR));
        Instant failed = later();
        assertThatThrownBy(() -> append(wal, "a", 50, Durability.IMMEDIATE)).isInstanceOf(WalFailedException.class);
        later();
        wal.runBackground();
        assertThatThrownBy(wal::sync).isInstanceOf(WalFailedException.class);
        WalHealth health = wal.health();
        assertThat(health.state()).isEqualTo(WalHealth.State.FAILED);
        assertThat(health.since()).isEqualTo(failed);
        assertThat(health.task()).contains("commit");
        assertThat(health.cause().orElseThrow()).hasStackTraceContaining("Input/output error");
        assertThat(health).hasToString("WalHealth[state=FAILED, since=" + failed + ", task=Optional[commit], key=Optional.empty, cause="
                + health.cause() + "]");
        assertThatThrownBy(wal::close).isInstanceOf(WalFailedException.class);
        StreamWal again = open();
        assertOk(again, clock.instant());
    }
}
