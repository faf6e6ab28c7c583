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
        guard(segment.stream(), () -> listener.sealed(segment));
    }

    @Override
    public void swept(DeletedSegment segment) {
        guard(segment.stream(), () -> listener.swept(segment));
    }

    @Override
    public void sweepRefused(RefusedSweep refused) {
        try {
            listener.sweepRefused(refused);
        } catch (Throwable failure) {
            backgroundFailure(TASK, Optional.empty(), failure);
        }
    }

    @Override
    public void recovered(RecoveredStream stream) {
        guard(stream.stream(), () -> listener.recovered(stream));
    }

    @Override
    public void backgroundFailure(String task, Optional<String> stream, Throwable failure) {
        try {
            listener.backgroundFailure(task, stream, failure);
        } catch (Throwable notAgain) {
            // there is nobody left to tell
        }
    }

    private void guard(String stream, Runnable call) {
        try {
            call.run();
        } catch (Throwable failure) {
            backgroundFailure(TASK, Optional.of(stream), failure);
        }
    }
}
