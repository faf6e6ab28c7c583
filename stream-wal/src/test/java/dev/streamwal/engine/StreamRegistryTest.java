package dev.streamwal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.StreamKey;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;

class StreamRegistryTest {

    private static final int STREAMS = 100;

    private record Stream(StreamKey key) {}

    private final StreamRegistry<Stream> registry = new StreamRegistry<>(Stream::new);

    private Stream held(int number) {
        Stream stream = registry.get("s" + number);
        registry.hold(stream.key().text(), stream, true);
        return stream;
    }

    /** What is done for each flush, and at intervals, goes through these: as many as have segments of their own, however many share. */
    @Test
    void owning_hasThoseThatWereTold_andNoOthers() {
        for (int i = 0; i < STREAMS; i++) {
            held(i);
        }
        assertThat(registry.owning()).isEmpty();
        registry.owns(registry.get("s1"), true);
        registry.owns(registry.get("s2"), true);
        registry.owns(registry.get("s1"), false);
        registry.owns(registry.get("s3"), false);
        assertThat(registry.owning()).containsExactly(registry.get("s2"));
        assertThat(registry.held()).isEqualTo(STREAMS);
    }

    /** Counted, and subtracted by who asks, it would make that number negative now and then. */
    @Test
    void held_logsOwnStreamIsKept_doesNotCount() {
        Stream shared = registry.get(StreamKey.SHARED.text());
        registry.hold(StreamKey.SHARED.text(), shared, true);
        assertThat(registry.held()).isZero();
        registry.hold(StreamKey.SHARED.text(), shared, false);
        assertThat(registry.held()).isZero();
    }

    /** Who comes back knows where it had ended, whether the memory was cleaned up meanwhile or not; and keys that come and go don't fill it. */
    @Test
    void hold_streamsAreReleased_theLastThousandStayAndNoOthers() throws InterruptedException {
        List<WeakReference<Stream>> released = new ArrayList<>();
        for (int i = 0; i < StreamRegistry.MAX_LATELY + STREAMS; i++) {
            Stream stream = held(i);
            registry.hold(stream.key().text(), stream, false);
            released.add(new WeakReference<>(stream));
        }
        assertThat(registry.held()).isZero();
        List<WeakReference<Stream>> first = released.subList(0, STREAMS);
        for (int i = 0; i < 100 && first.stream().anyMatch(one -> one.get() != null); i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertThat(first).allMatch(one -> one.get() == null);
        assertThat(released.subList(STREAMS, released.size())).allMatch(one -> one.get() != null);
    }

    @Test
    void stream_anotherOneComesMeanwhile_theOthersComeOnce() {
        for (int i = 0; i < STREAMS; i++) {
            held(i);
        }
        Iterator<Stream> all = registry.stream().iterator();
        List<Stream> seen = new ArrayList<>();
        for (int i = 0; i < STREAMS / 2; i++) {
            seen.add(all.next());
        }
        held(STREAMS);
        all.forEachRemaining(seen::add);
        assertThat(seen).doesNotHaveDuplicates().hasSizeBetween(STREAMS, STREAMS + 1);
    }
}
