package dev.streamwal.packing;

import dev.streamwal.append.StreamLog;
import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.pack.PackEntry;
import java.io.IOException;
import java.util.List;
import java.util.function.BiConsumer;

/** What a stream has in packs, as its writer changes it. With a lock of {@link PackStore}. */
public final class PackedStream {

    private final PackStore store;
    private final StreamLog stream;

    public PackedStream(PackStore store, StreamLog stream) {
        this.store = store;
        this.stream = stream;
    }

    private StreamKey key() {
        return stream.key();
    }

    /**
     * Nothing of the stream counts any more in packs; durably.
     *
     * @param each is told of every segment that is gone
     * @return whether there was anything
     */
    public boolean delete(BiConsumer<ListedPack, PackEntry> each) throws IOException {
        List<PackStore.Place> places = places();
        forget(places, each);
        return !places.isEmpty();
    }

    /**
     * The oldest segments whose windows end at or before a time don't count any more; durably.
     *
     * @param each is told of every segment that is gone
     * @return whether the stream has nothing left in packs: else nothing behind it may go
     */
    public boolean purge(long beforeMillis, BiConsumer<ListedPack, PackEntry> each) throws IOException {
        List<PackStore.Place> places = places();
        int count = 0;
        while (count < places.size() && places.get(count).pack().window().endMillis() <= beforeMillis) {
            count++;
        }
        forget(places.subList(0, count), each);
        return count == places.size();
    }

    private List<PackStore.Place> places() throws IOException {
        return store.isEmpty() ? List.of() : store.find(key());
    }

    private void forget(List<PackStore.Place> oldest, BiConsumer<ListedPack, PackEntry> each) throws IOException {
        if (!oldest.isEmpty()) {
            // a file that was packed may come back from a power loss, until its directory is forced
            stream.forceDeletions();
            store.forget(key(), 0, oldest.get(oldest.size() - 1).entry().basePosition() + 1);
            oldest.forEach(place -> each.accept(place.pack(), place.entry()));
        }
    }
}
