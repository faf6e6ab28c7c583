package dev.streamwal.packing;

import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.pack.PackReader;
import dev.streamwal.pack.PackRun;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.retention.HeldBack;
import dev.streamwal.retention.MisdatedSegments;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Removes what streams have in packs whose windows lie in the future, when what they have behind it is due: it was appended while the clock was ahead
 * ({@link MisdatedSegments}), and would keep all that follows it until the clock gets there. Normally no pack lies in the future, and nothing is looked
 * for. For one sweep.
 *
 * <p><b>Why a stream loses only its beginning.</b> What is removed is the stream's oldest data, up to the first segment that neither lies in the future nor is
 * due. It is removed durably before anything behind it goes; if that doesn't go then, for whatever reason, it goes later.
 */
public final class MisdatedParts {

    /** Streams that a sweep does this for. Others keep theirs until the next sweep that deletes something behind them. */
    static final int MAX_STREAMS = 1 << 16;

    /** Says what goes. */
    public interface Rule {
        /**
         * What a stream has in a pack that is due, as the sweep judges it.
         *
         * @return null if it isn't due
         */
        ExpiryPlan.@Nullable Segment due(HeldBack.Due inPack);

        /** Where the stream's oldest data outside of packs begins. */
        long oldestElsewhere(StreamKey key);

        /**
         * @param dues what of the stream would go, in order of position
         * @return how many of them go, the oldest first
         */
        int going(StreamKey key, List<HeldBack.Due> dues) throws IOException;
    }

    private final PackStore store;
    private final Rule rule;
    private final Consumer<Exception> failed;
    /** Packs that lie in the future and aren't due themselves. */
    private final Set<ListedPack> ahead;
    private final Map<Long, ExpiryPlan.Cause> causes = new HashMap<>();
    private final List<ListedPack> duePacks;
    /** By key, in order of position. */
    private final Map<String, List<ExpiryPlan.Segment>> dueFiles = new HashMap<>();

    /**
     * @param plan what is due
     * @param isAhead whether a window that begins at a time, epoch ms, lies in the future
     * @param failed receives why a pack could not be read; what it has stays
     */
    public MisdatedParts(PackStore store, List<ExpiryPlan.Deletion> plan, LongPredicate isAhead, Rule rule, Consumer<Exception> failed) {
        this.store = store;
        this.rule = rule;
        this.failed = failed;
        for (ExpiryPlan.Deletion deletion : plan) {
            if (deletion.key().equals(PackSweep.KEY)) {
                causes.put(deletion.segment().basePosition(), deletion.cause());
            } else {
                dueFiles.computeIfAbsent(deletion.key(), unused -> new ArrayList<>()).add(deletion.segment());
            }
        }
        this.duePacks = store.packs().stream().filter(this::isDue).toList();
        this.ahead = plan.isEmpty() ? Set.of()
                : store.packs().stream().filter(pack -> !isDue(pack) && isAhead.test(pack.window().startMillis())).collect(Collectors.toSet());
    }

    private boolean isDue(ListedPack pack) {
        return causes.containsKey(pack.number());
    }

    /** Removes it; returns what was removed. */
    public List<SweptSegment> remove() throws IOException {
        int room = Math.min(MAX_STREAMS, Math.max(1, store.roomForVoids()));
        Map<StreamKey, Long> below = new LinkedHashMap<>();
        List<SweptSegment> gone = new ArrayList<>();
        for (Map.Entry<StreamKey, ExpiryPlan.Segment> each : lastDues(room).entrySet()) {
            try {
                remove(each.getKey(), each.getValue(), below, gone);
            } catch (IOException | WalException e) {
                failed.accept(e);
            }
        }
        if (!below.isEmpty()) {
            store.forgetBelow(below, List.of());
        }
        return gone;
    }

    /** Streams with something that lies in the future, and the last that is due behind it. */
    private Map<StreamKey, ExpiryPlan.Segment> lastDues(int maxStreams) {
        Map<StreamKey, ExpiryPlan.Segment> dues = new LinkedHashMap<>();
        for (ListedPack pack : ahead) {
            try {
                PackRun run = store.reader(pack).run();
                while (dues.size() < maxStreams && run.next()) {
                    PackEntry entry = run.entry();
                    store.checkGoesOn();
                    ExpiryPlan.Segment due = store.counts(pack, entry) ? lastDue(entry) : null;
                    if (due != null) {
                        dues.merge(entry.key(), due, (one, other) -> one.basePosition() > other.basePosition() ? one : other);
                    }
                }
            } catch (IOException | WalException e) {
                failed.accept(e);
            }
        }
        return dues;
    }

    /** The last that is due behind a segment; null if there is nothing. */
    private ExpiryPlan.@Nullable Segment lastDue(PackEntry before) throws IOException {
        List<ExpiryPlan.Segment> files = dueFiles.getOrDefault(before.key().text(), List.of());
        ExpiryPlan.Segment last = files.isEmpty() ? null : files.get(files.size() - 1);
        for (ListedPack pack : duePacks) {
            PackReader reader = store.reader(pack);
            for (PackEntry entry : reader.find(before.key())) {
                ExpiryPlan.Segment due = store.counts(pack, entry) ? due(pack, entry) : null;
                last = due != null && (last == null || due.basePosition() > last.basePosition()) ? due : last;
            }
        }
        return last != null && last.basePosition() > before.basePosition() ? last : null;
    }

    private ExpiryPlan.@Nullable Segment due(ListedPack pack, PackEntry entry) {
        ExpiryPlan.Cause cause = causes.get(pack.number());
        return cause == null ? null : rule.due(DuePacks.due(pack, entry, cause));
    }

    private void remove(StreamKey key, ExpiryPlan.Segment lastDue, Map<StreamKey, Long> below, List<SweptSegment> gone) throws IOException {
        List<StreamPlaces.Place> places = store.places.find(key);
        List<HeldBack.Due> dues = oldest(key, places, lastDue.basePosition(), rule.oldestElsewhere(key));
        int before = dues.size();
        while (before > 0 && !ahead.contains(places.get(before - 1).pack())) {
            // what is due by itself goes with its pack
            before--;
        }
        int going = before == 0 ? 0 : Math.min(before, rule.going(key, dues));
        if (going > 0) {
            long next = going < places.size() ? places.get(going).entry().basePosition() : Long.MAX_VALUE;
            below.put(key, Math.min(lastDue.basePosition(), next));
            places.subList(0, going).forEach(place -> gone.add(new SweptSegment(store.deleted(place), key.text(), ExpiryPlan.Cause.EXPIRED)));
        }
    }

    /**
     * The oldest places up to a position that are due, or that lie in the future and have one that is due behind them, without another in between. Those that
     * lie in the future have the times of the next that is due.
     *
     * @param elsewhere where the stream's oldest data outside of packs begins
     */
    private List<HeldBack.Due> oldest(StreamKey key, List<StreamPlaces.Place> places, long lastPosition, long elsewhere) {
        List<HeldBack.Due> dues = new ArrayList<>();
        ExpiryPlan.Segment next = dueFile(key, elsewhere);
        for (StreamPlaces.Place place : places) {
            if (place.entry().basePosition() > Math.min(lastPosition, elsewhere)) {
                break;
            }
            ExpiryPlan.Segment due = due(place.pack(), place.entry());
            if (due == null && !ahead.contains(place.pack())) {
                next = null;
                break;
            }
            HeldBack.Due inPack = DuePacks.due(place.pack(), place.entry(), ExpiryPlan.Cause.EXPIRED);
            dues.add(due == null ? inPack : inPack.with(due));
        }
        for (int i = dues.size() - 1; i >= 0; i--) {
            if (!ahead.contains(places.get(i).pack())) {
                next = dues.get(i).deletion().segment();
            } else if (next == null) {
                dues.remove(i);
            } else {
                dues.set(i, dues.get(i).with(dues.get(i).deletion().segment().dueWith(next)));
            }
        }
        return dues;
    }

    private ExpiryPlan.@Nullable Segment dueFile(StreamKey key, long position) {
        return dueFiles.getOrDefault(key.text(), List.of()).stream().filter(file -> file.basePosition() == position).findFirst().orElse(null);
    }
}
