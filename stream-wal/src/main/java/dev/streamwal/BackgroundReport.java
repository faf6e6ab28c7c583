package dev.streamwal;

import dev.streamwal.append.LogEvents;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.recovery.RecoveryDecision;
import dev.streamwal.recovery.StreamRecovery;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Passes on what happens in the background: to the program's listener, and to the log's statistics. */
final class BackgroundReport implements LogEvents, StreamRecovery.Listener {

    private final GuardedListener listener;
    private final LongAdder sweepFailures = new LongAdder();
    private final AtomicReference<@Nullable String> lastFailure = new AtomicReference<>();

    BackgroundReport(WalListener listener) {
        this.listener = new GuardedListener(listener);
    }

    @Override
    public void failed(String task, @Nullable String stream, Throwable failure) {
        lastFailure.set(task + (stream == null ? "" : ", stream=" + stream) + ": " + failure);
        listener.backgroundFailure(task, Optional.ofNullable(stream), failure);
    }

    @Override
    public void sealed(Path file, SegmentHeader header, long endPosition, long bytes) {
        listener.sealed(new SealedSegment(file, header.key().text(), header.basePosition(), endPosition,
                Instant.ofEpochMilli(header.expirationMillis()), bytes));
    }

    @Override
    public void repaired(StreamKey key, Path file, RecoveryDecision decision, long recordsKept, long bytesCut, Optional<Path> setAside) {
        listener.recovered(new RecoveredStream(key.text(), file, decision.meaning(), recordsKept, bytesCut, setAside));
    }

    void swept(DeletedSegment segment) {
        listener.swept(segment);
    }

    void sweepFailed(@Nullable String stream, Throwable failure) {
        sweepFailures.increment();
        failed("sweep", stream, failure);
    }

    long sweepFailures() {
        return sweepFailures.sum();
    }

    Optional<String> lastFailure() {
        return Optional.ofNullable(lastFailure.get());
    }
}
