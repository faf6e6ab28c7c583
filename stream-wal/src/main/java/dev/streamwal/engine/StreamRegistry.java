package dev.streamwal.engine;

import dev.streamwal.format.StreamKey;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The log's streams: one object per key while anything refers to it. The registry itself refers to streams that have segments, and to the
 * {@link #MAX_LATELY} that had some last: a stream that comes again knows where it had ended, so that no possible loss is reported if nothing was
 * lost. Other streams stay only while the program refers to them, so that asking for ever new keys doesn't fill the memory. Thread-safe.
 */
public final class StreamRegistry<S> {

    /** As many as a cursor keeps commits of, for the same reason. */
    static final int MAX_LATELY = 1_000;

    /** By key: the stream itself, if the registry keeps it, or else its {@link Slot}. Most streams are kept, and need no slot. */
    private final ConcurrentHashMap<String, Object> streams = new ConcurrentHashMap<>();
    private final ReferenceQueue<S> forgotten = new ReferenceQueue<>();
    private final AtomicInteger held = new AtomicInteger();
    /** Those that may have segments of their own: what is done at intervals, and for each flush, goes through these, and not through all. */
    private final Set<S> owning = ConcurrentHashMap.newKeySet();
    /** Streams that were released, the last one last; some may be held again. Guarded by itself. */
    private final Set<S> lately = new LinkedHashSet<>();
    private final Function<StreamKey, S> factory;

    public StreamRegistry(Function<StreamKey, S> factory) {
        this.factory = factory;
    }

    private static final class Slot<S> extends WeakReference<S> {
        private final String key;

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
        return streamOf(streams.get(key));
    }

    @SuppressWarnings("unchecked") // only streams and their slots are put there
    private @Nullable S streamOf(@Nullable Object entry) {
        return entry instanceof Slot<?> slot ? (S) slot.get() : (S) entry;
    }

    private S make(StreamKey key) {
        dropForgotten();
        AtomicReference<S> made = new AtomicReference<>();
        streams.compute(key.text(), (text, entry) -> {
            S known = streamOf(entry);
            if (known != null) {
                made.setPlain(known);
                return entry;
            }
            S created = factory.apply(key);
            made.setPlain(created);
            return new Slot<>(text, created, forgotten);
        });
        return made.getPlain();
    }

    /** Keeps a stream that has segments; releases one that has none. Called by one thread at a time for a stream. */
    public void hold(String key, S stream, boolean hasSegments) {
        if (!isOf(streams.get(key), stream, hasSegments)) {
            streams.computeIfPresent(key, (text, entry) -> held(text, entry, stream, hasSegments));
        }
    }

    /**
     * Notes whether a stream may have segments of its own. Called by one thread at a time for a stream, and before another thread can append to such
     * a segment: a thread that has appended finds the stream.
     */
    public void owns(S stream, boolean any) {
        boolean unused = any ? owning.add(stream) : owning.remove(stream);
    }

    /** Whether this is the stream, kept or not. */
    @SuppressWarnings("ReferenceEquality")
    private boolean isOf(@Nullable Object entry, S stream, boolean isKept) {
        return streamOf(entry) == stream && entry instanceof Slot<?> != isKept;
    }

    private Object held(String key, Object entry, S stream, boolean hasSegments) {
        if (!isOf(entry, stream, !hasSegments)) {
            return entry;
        }
        if (!key.equals(StreamKey.SHARED.text())) {
            held.addAndGet(hasSegments ? 1 : -1);
        }
        if (hasSegments) {
            return stream;
        }
        keepForNow(stream);
        return new Slot<>(key, stream, forgotten);
    }

    private void keepForNow(S stream) {
        synchronized (lately) {
            // moves it to the end
            lately.remove(stream);
            lately.add(stream);
            if (lately.size() > MAX_LATELY) {
                lately.remove(lately.iterator().next());
            }
        }
    }

    /** How many streams of the program the registry keeps: the log's own stream doesn't count. */
    public int held() {
        return held.get();
    }

    private void dropForgotten() {
        for (Reference<? extends S> gone = forgotten.poll(); gone != null; gone = forgotten.poll()) {
            if (gone instanceof Slot<?> slot) {
                streams.remove(slot.key, slot);
            }
        }
    }

    /** The streams that may have segments of their own. */
    public List<S> owning() {
        return List.copyOf(owning);
    }

    /** All streams, as they come and go while the result is used. */
    public Stream<S> stream() {
        return streams.values().stream().map(this::streamOf).filter(Objects::nonNull);
    }

    /** All streams that are still referred to, by the registry or by the program. */
    public List<S> all() {
        return stream().toList();
    }
}
