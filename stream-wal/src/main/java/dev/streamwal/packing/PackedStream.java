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
        return deleteWhere(Long.MAX_VALUE, each);
    }

    /**
     * The oldest segments whose windows end at or before a time don't count any more; durably.
     *
     * @param each is told of every segment that is gone
     * @return whether there was anything
     */
    public boolean purge(long beforeMillis, BiConsumer<ListedPack, PackEntry> each) throws IOException {
        return deleteWhere(beforeMillis, each);
    }

    private boolean deleteWhere(long windowEndMillis, BiConsumer<ListedPack, PackEntry> each) throws IOException {
        if (store.isEmpty()) {
            return false;
        }
        List<PackStore.Place> places = store.find(key());
        int count = 0;
        while (count < places.size() && places.get(count).pack().window().endMillis() <= windowEndMillis) {
            count++;
        }
        if (count == 0) {
            return false;
        }
        // a file that was packed may come back from a power loss, until its directory is forced
        stream.forceNames();
        store.forget(key(), 0, places.get(count - 1).entry().basePosition() + 1);
        places.subList(0, count).forEach(place -> each.accept(place.pack(), place.entry()));
        return true;
    }
}
