package dev.streamwal.engine;

import dev.streamwal.format.StreamKey;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The log's streams: one object per key while anything refers to it. The registry itself refers to streams that have segments. Other streams
 * stay only while the program refers to them, so that asking for ever new keys doesn't fill the memory. Thread-safe.
 */
public final class StreamRegistry<S> {

    private final ConcurrentHashMap<String, Slot<S>> slots = new ConcurrentHashMap<>();
    private final ReferenceQueue<S> forgotten = new ReferenceQueue<>();
    private final AtomicInteger held = new AtomicInteger();
    private final Function<StreamKey, S> factory;

    public StreamRegistry(Function<StreamKey, S> factory) {
        this.factory = factory;
    }

    private static final class Slot<S> extends WeakReference<S> {
        private final String key;

        private volatile @Nullable S held;

        Slot(String key, S stream, ReferenceQueue<S> queue) {
            super(stream, queue);
            this.key = key;
        }
    }

    /** The stream of a key, created if necessary. */
    public S get(String key) {
        S known = find(key);
        return known != null ? known : make(StreamKey.of(key));
    }

    public @Nullable S find(String key) {
        Slot<S> slot = slots.get(key);
        return slot == null ? null : slot.get();
    }

    private S make(StreamKey key) {
        dropForgotten();
        AtomicReference<S> made = new AtomicReference<>();
        slots.compute(key.text(), (text, slot) -> {
            S known = slot == null ? null : slot.get();
            if (known != null) {
                made.setPlain(known);
                return slot;
            }
            S created = factory.apply(key);
            made.setPlain(created);
            return new Slot<>(text, created, forgotten);
        });
        return made.getPlain();
    }

    /** Keeps a stream that has segments; releases one that has none. Called by one thread at a time for a stream. */
    public void hold(String key, S stream, boolean hasSegments) {
        Slot<S> slot = slots.get(key);
        if (slot != null && slot.refersTo(stream)) {
            boolean isHeld = slot.held != null;
            slot.held = hasSegments ? stream : null;
            held.addAndGet(isHeld == hasSegments ? 0 : hasSegments ? 1 : -1);
        }
    }

    /** How many streams the registry keeps. */
    public int held() {
        return held.get();
    }

    /** Whether the registry keeps this one. */
    public boolean isHeld(String key) {
        Slot<S> slot = slots.get(key);
        return slot != null && slot.held != null;
    }

    private void dropForgotten() {
        for (Reference<? extends S> gone = forgotten.poll(); gone != null; gone = forgotten.poll()) {
            if (gone instanceof Slot<?> slot) {
                slots.remove(slot.key, slot);
            }
        }
    }

    /** All streams that are still referred to, by the registry or by the program. */
    public List<S> all() {
        List<S> streams = new ArrayList<>();
        for (Slot<S> slot : slots.values()) {
            S stream = slot.get();
            if (stream != null) {
                streams.add(stream);
            }
        }
        return streams;
    }
}
