package dev.streamwal.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentMappingTest {

    private static final int CAPACITY = 1 << 16;
    private static final int ROUNDS = 2_000;

    @TempDir
    Path folder;

    /** Whoever sees the word may unmap before the thread that stored it has come back. */
    @Test
    void setRelease_ofAMappingThatIsClosedAsSoonAsTheWordIsSeen_doesNotThrow() throws Exception {
        try (SegmentFile file = new MappedStorage().create(folder.resolve("file"))) {
            file.zero(0, CAPACITY);
            AtomicReference<@Nullable SegmentMapping> shared = new AtomicReference<>();
            AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
            AtomicInteger stored = new AtomicInteger();
            Thread storing = new Thread(() -> {
                try {
                    while (stored.get() < ROUNDS) {
                        SegmentMapping mapping = shared.getAndSet(null);
                        if (mapping == null) {
                            Thread.onSpinWait();
                            continue;
                        }
                        mapping.setRelease(0, stored.get() + 1);
                        stored.incrementAndGet();
                    }
                } catch (Throwable e) {
                    failure.set(e);
                }
            }, "store");
            storing.start();
            for (int i = 0; i < ROUNDS && failure.get() == null; i++) {
                SegmentMapping mapping = file.map(CAPACITY);
                assertThat(mapping).isNotNull();
                shared.set(mapping);
                while (mapping.getAcquire(0) != i + 1 && storing.isAlive()) {
                    Thread.onSpinWait();
                }
                mapping.unmap();
                while (stored.get() <= i && storing.isAlive()) {
                    Thread.onSpinWait();
                }
            }
            storing.join(300_000);
            assertThat(failure.get()).isNull();
        }
    }
}
