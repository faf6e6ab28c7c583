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
 * Takes the beginnings of many streams. What streams have in packs and shared segments only goes by one change of the manifest, which is written
 * anew at each change: so purging many streams costs no more than one. With a lock of {@link PackStore}. One thread.
 */
public final class PackedPurge {

    private final PackStore store;
    private final long beforeMillis;
    private final BiConsumer<ListedPack, PackEntry> each;
    private final Map<StreamKey, Long> below = new LinkedHashMap<>();
    private final List<PackStore.Place> going = new ArrayList<>();

    /**
     * Of what windows have that end at or before a time.
     *
     * @param each is told of every segment in a pack that is gone
     */
    public PackedPurge(PackStore store, long beforeMillis, BiConsumer<ListedPack, PackEntry> each) {
        this.store = store;
        this.beforeMillis = beforeMillis;
        this.each = each;
    }

    /**
     * A stream's oldest segments go, wherever they stand: durably, or by {@link #finish}.
     *
     * @param eachOwn is told of every segment of the stream's own that is gone
     */
    public void purge(StreamLog stream, Consumer<StreamLog.Deleted> eachOwn) throws IOException {
        new PackedStream(store, stream).purge(beforeMillis, this, each, eachOwn);
    }

    /** What begins below a position goes with what goes of other streams. */
    void putOff(StreamKey key, long position, List<PackStore.Place> oldest) {
        below.put(key, position);
        going.addAll(oldest);
    }

    /** What was put off goes; durably. */
    public void finish() throws IOException {
        if (!below.isEmpty()) {
            store.forgetBelow(below);
            going.forEach(place -> each.accept(place.pack(), place.entry()));
        }
    }
}
