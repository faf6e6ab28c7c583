package dev.streamwal;

import java.util.Optional;

/** Protects the log's own work from exceptions of the program's listener. */
final class GuardedListener implements WalListener {

    private static final String TASK = "listener";

    private final WalListener listener;

    GuardedListener(WalListener listener) {
        this.listener = listener;
    }

    @Override
    public void onSealed(SealedSegment segment) {
        guard(Optional.of(segment.key()), () -> listener.onSealed(segment));
    }

    @Override
    public void onPacked(PackedSegments packed) {
        guard(Optional.empty(), () -> listener.onPacked(packed));
    }

    @Override
    public void onMerged(MergedPacks merged) {
        guard(Optional.empty(), () -> listener.onMerged(merged));
    }

    @Override
    public void onTiered(TieredPack moved) {
        guard(Optional.empty(), () -> listener.onTiered(moved));
    }

    @Override
    public void onSwept(DeletedSegment segment) {
        guard(Optional.of(segment.key()), () -> listener.onSwept(segment));
    }

    @Override
    public void onSweepRefused(RefusedSweep refused) {
        guard(Optional.empty(), () -> listener.onSweepRefused(refused));
    }

    @Override
    public void onRecovered(RecoveryReport.StreamFindings segment) {
        guard(Optional.of(segment.key()), () -> listener.onRecovered(segment));
    }

    @Override
    public void onFailure(String task, Optional<String> key, Throwable failure) {
        try {
            listener.onFailure(task, key, failure);
        } catch (Throwable notAgain) {
            // a failure of onFailure itself can't be reported
        }
    }

    private void guard(Optional<String> key, Runnable call) {
        try {
            call.run();
        } catch (Throwable failure) {
            onFailure(TASK, key, failure);
        }
    }
}
