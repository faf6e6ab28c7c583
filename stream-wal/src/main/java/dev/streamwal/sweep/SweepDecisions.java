package dev.streamwal.sweep;

import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.packing.DuePacks;
import dev.streamwal.packing.PackSweep;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.retention.HeldBack;
import dev.streamwal.retention.PresentRetention;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToLongFunction;

/** What of a plan goes, and what is held for consumers, stream by stream. */
final class SweepDecisions implements DuePacks.Rule {

    private final ConsumerHolds.Look held;
    private final PresentRetention retention;
    private final PassTime time;
    private final ToLongFunction<StreamKey> oldestElsewhere;
    private final Set<String> decided = new HashSet<>();
    private final Set<ExpiryPlan.Deletion> goingFiles = new HashSet<>();
    private int heldSegments;
    private long heldBytes;
    private int doubtedSegments;
    private long doubtedBytes;
    private long nextDueMillis = Long.MAX_VALUE;
    private boolean isAnyBehindOthers;

    /** @param oldestElsewhere where a stream's oldest data outside of packs begins */
    SweepDecisions(ConsumerHolds.Look held, PresentRetention retention, PassTime time, ToLongFunction<StreamKey> oldestElsewhere) {
        this.held = held;
        this.retention = retention;
        this.time = time;
        this.oldestElsewhere = oldestElsewhere;
    }

    /**
     * A pack is due with the first of its streams. Segments of other streams stay if they aren't due by their stream's present retention, and
     * so do those that stand behind older data elsewhere.
     */
    @Override
    public int going(StreamKey key, List<HeldBack.Due> dues) {
        long elsewhere = oldestElsewhere.applyAsLong(key);
        List<HeldBack.Due> due = new ArrayList<>(dues.size());
        for (HeldBack.Due each : dues) {
            HeldBack.Due present = retention.of(each);
            if (!isDue(present.deletion())) {
                stays(present.deletion().segment());
                break;
            }
            if (present.deletion().segment().basePosition() > elsewhere) {
                isAnyBehindOthers = true;
                break;
            }
            due.add(present);
        }
        return Math.min(due.size(), decide(key.text(), due));
    }

    /** Each stream's part of a pack is judged by itself: a pack is due with the first of them, and others may be kept for longer. */
    boolean isDue(ExpiryPlan.Deletion deletion) {
        return deletion.cause() != ExpiryPlan.Cause.EXPIRED || time.isExpired(deletion.segment());
    }

    private void stays(ExpiryPlan.Segment segment) {
        nextDueMillis = Math.min(nextDueMillis, segment.expirationMillis());
        if (segment.expirationMillis() <= time.nowMillis()) {
            doubtedSegments++;
            doubtedBytes += segment.bytes();
        }
    }

    @Override
    public boolean isUnreadableGoing(ListedPack pack, ExpiryPlan.Cause cause) {
        ExpiryPlan.Segment whole = new ExpiryPlan.Segment(pack.number(), pack.expirationMillis(), pack.window().endMillis(), pack.bytes(), true);
        return isDue(new ExpiryPlan.Deletion(PackSweep.KEY, whole, cause)) && held.isOverForAll(pack.expirationMillis());
    }

    /** Returns the number of segments that go, with files. */
    private int decide(String key, List<HeldBack.Due> packed) {
        HeldBack.Outcome outcome = held.of(key, packed);
        heldSegments += outcome.segments();
        heldBytes += outcome.bytes();
        if (held.keysOfFiles().contains(key)) {
            decided.add(key);
            goingFiles.addAll(outcome.deletions());
        }
        return outcome.deletions().size();
    }

    /** Decides for streams that have no segments in due packs. */
    void decideRest() {
        held.keysOfFiles().stream().filter(key -> !decided.contains(key)).toList().forEach(key -> decide(key, List.of()));
    }

    /** In the order of the plan. */
    List<ExpiryPlan.Deletion> goingFiles(List<ExpiryPlan.Deletion> plan) {
        return plan.stream().filter(goingFiles::contains).toList();
    }

    boolean isAnyFileGoing() {
        return !goingFiles.isEmpty();
    }

    int heldSegments() {
        return heldSegments;
    }

    long heldBytes() {
        return heldBytes;
    }

    /** How much stays in due packs because the clock isn't believed. */
    int doubtedSegments() {
        return doubtedSegments;
    }

    long doubtedBytes() {
        return doubtedBytes;
    }

    /** When the first segment of a due pack is due that isn't due yet. */
    long nextDueMillis() {
        return nextDueMillis;
    }

    /** Whether a segment in a pack stays behind older data that isn't in packs. */
    boolean isAnyBehindOthers() {
        return isAnyBehindOthers;
    }
}
