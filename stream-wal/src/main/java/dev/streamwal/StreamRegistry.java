package dev.streamwal;

import dev.streamwal.format.StreamKey;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The log's streams, one object a key as long as anyone holds it. A stream that has segments is held here; one that hasn't only while the
 * program holds it, so that asking for ever new keys fills no memory. Thread-safe.
 */
final class StreamRegistry {

    private final ConcurrentHashMap<String, Slot> slots = new ConcurrentHashMap<>();
    private final ReferenceQueue<WalStream> forgotten = new ReferenceQueue<>();
    private final Function<StreamKey, WalStream> factory;

    StreamRegistry(Function<StreamKey, WalStream> factory) {
        this.factory = factory;
    }

    private static final class Slot extends WeakReference<WalStream> {
        private final String key;

        @SuppressWarnings("UnusedVariable") // held, not read
        private volatile @Nullable WalStream held;

        Slot(WalStream stream, ReferenceQueue<WalStream> queue) {
            super(stream, queue);
            this.key = stream.key();
        }
    }

    /** The stream, made if there is none. */
    WalStream get(String key) {
        WalStream known = find(key);
        return known != null ? known : make(StreamKey.of(key));
    }

    @Nullable WalStream find(String key) {
        Slot slot = slots.get(key);
        return slot == null ? null : slot.get();
    }

    private WalStream make(StreamKey key) {
        dropForgotten();
        WalStream[] made = new WalStream[1];
        slots.compute(key.text(), (text, slot) -> {
            WalStream known = slot == null ? null : slot.get();
            if (known != null) {
                made[0] = known;
                return slot;
            }
            made[0] = factory.apply(key);
            return new Slot(made[0], forgotten);
        });
        return made[0];
    }

    /** Holds a stream that has segments, or lets one go that has none. */
    void hold(WalStream stream, boolean hasSegments) {
        Slot slot = slots.get(stream.key());
        if (slot != null && slot.get() == stream) {
            slot.held = hasSegments ? stream : null;
        }
    }

    private void dropForgotten() {
        for (Reference<? extends WalStream> gone = forgotten.poll(); gone != null; gone = forgotten.poll()) {
            if (gone instanceof Slot slot) {
                slots.remove(slot.key, slot);
            }
        }
    }

    /** All streams that anyone holds, the registry among them. */
    List<WalStream> all() {
        List<WalStream> streams = new ArrayList<>();
        for (Slot slot : slots.values()) {
            WalStream stream = slot.get();
            if (stream != null) {
                streams.add(stream);
            }
        }
        return streams;
    }
}
