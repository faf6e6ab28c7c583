package dev.streamwal;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** What a log told its listener, in order. Thread-safe. */
final class Events implements WalListener {

    /** A failure in the background. */
    record Failure(String task, Optional<String> stream, Throwable cause) {}

    final List<SealedSegment> sealed = new CopyOnWriteArrayList<>();
    final List<PackedSegments> packed = new CopyOnWriteArrayList<>();
    final List<MergedPacks> merged = new CopyOnWriteArrayList<>();
    final List<TieredPack> tiered = new CopyOnWriteArrayList<>();
    final List<DeletedSegment> swept = new CopyOnWriteArrayList<>();
    final List<RefusedSweep> refused = new CopyOnWriteArrayList<>();
    final List<RecoveryReport.StreamFindings> recovered = new CopyOnWriteArrayList<>();
    final List<Failure> failures = new CopyOnWriteArrayList<>();

    /** What was done last in a segment that was recovered. */
    static RecoveryReport.Finding last(RecoveryReport.StreamFindings segment) {
        return segment.findings().get(segment.findings().size() - 1);
    }

    @Override
    public void onSealed(SealedSegment segment) {
        sealed.add(segment);
    }

    @Override
    public void onPacked(PackedSegments segments) {
        packed.add(segments);
    }

    @Override
    public void onMerged(MergedPacks packs) {
        merged.add(packs);
    }

    @Override
    public void onTiered(TieredPack moved) {
        tiered.add(moved);
    }

    @Override
    public void onSwept(DeletedSegment segment) {
        swept.add(segment);
    }

    @Override
    public void onSweepRefused(RefusedSweep sweep) {
        refused.add(sweep);
    }

    @Override
    public void onRecovered(RecoveryReport.StreamFindings segment) {
        recovered.add(segment);
    }

    @Override
    public void onFailure(String task, Optional<String> stream, Throwable failure) {
        failures.add(new Failure(task, stream, failure));
    }
}
