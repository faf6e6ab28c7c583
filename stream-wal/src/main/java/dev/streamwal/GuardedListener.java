package dev.streamwal;

import java.util.Optional;

/** Keeps what a program's listener throws away from the log's own work. */
final class GuardedListener implements WalListener {

    private static final String TASK = "listener";

    private final WalListener listener;

    GuardedListener(WalListener listener) {
        this.listener = listener;
    }

    @Override
    public void sealed(SealedSegment segment) {
        guard(Optional.of(segment.stream()), () -> listener.sealed(segment));
    }

    @Override
    public void packed(PackedSegments packed) {
        guard(Optional.empty(), () -> listener.packed(packed));
    }

    @Override
    public void merged(MergedPacks merged) {
        guard(Optional.empty(), () -> listener.merged(merged));
    }

    @Override
    public void swept(DeletedSegment segment) {
        guard(Optional.of(segment.stream()), () -> listener.swept(segment));
    }

    @Override
    public void sweepRefused(RefusedSweep refused) {
        guard(Optional.empty(), () -> listener.sweepRefused(refused));
    }

    @Override
    public void recovered(RecoveredStream stream) {
        guard(Optional.of(stream.stream()), () -> listener.recovered(stream));
    }

    @Override
    public void backgroundFailure(String task, Optional<String> stream, Throwable failure) {
        try {
            listener.backgroundFailure(task, stream, failure);
        } catch (Throwable notAgain) {
            // there is nobody left to tell
        }
    }

    private void guard(Optional<String> stream, Runnable call) {
        try {
            call.run();
        } catch (Throwable failure) {
            backgroundFailure(TASK, stream, failure);
        }
    }
}
