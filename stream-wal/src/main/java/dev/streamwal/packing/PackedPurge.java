package dev.streamwal.packing;

import dev.streamwal.append.StreamLog;
import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.pack.PackEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Purges the beginnings of many streams. Their parts in packs and shared segments are removed by one change of the manifest, which is rewritten at
 * each change: so purging many streams costs no more than one. The caller holds a lock of {@link PackStore}. For one thread.
 */
public final class PackedPurge {

    private final PackStore store;
    private final long beforeMillis;
    private final BiConsumer<ListedPack, PackEntry> each;
    private final Map<StreamKey, Long> below = new LinkedHashMap<>();
    private final List<PackStore.Place> going = new ArrayList<>();

    /**
     * Purges windows that end at or before a time.
     *
     * @param each receives every segment that was removed from a pack
     */
    public PackedPurge(PackStore store, long beforeMillis, BiConsumer<ListedPack, PackEntry> each) {
        this.store = store;
        this.beforeMillis = beforeMillis;
        this.each = each;
    }

    /**
     * Removes a stream's oldest segments, wherever they stand: durably, now or by {@link #finish}.
     *
     * @param eachOwn receives every deleted segment of the stream's own
     */
    public void purge(StreamLog stream, Consumer<StreamLog.Deleted> eachOwn) throws IOException {
        new PackedStream(store, stream).purge(beforeMillis, this, each, eachOwn);
    }

    /** Removes what begins below a position, together with the parts of other streams. */
    void putOff(StreamKey key, long position, List<PackStore.Place> oldest) {
        below.put(key, position);
        going.addAll(oldest);
    }

    /** Removes what was deferred; durably. */
    public void finish() throws IOException {
        if (!below.isEmpty()) {
            store.forgetBelow(below);
            going.forEach(place -> each.accept(place.pack(), place.entry()));
        }
    }
}
