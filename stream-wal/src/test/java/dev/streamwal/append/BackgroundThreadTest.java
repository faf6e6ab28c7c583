package dev.streamwal.append;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.SegmentHeader;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class BackgroundThreadTest {

    private static final LogEvents THROWS = new LogEvents() {
        @Override
        public void failed(String task, @Nullable String stream, Throwable failure) {
            throw new OutOfMemoryError("made by the test");
        }

        @Override
        public long begins() {
            return 0;
        }

        @Override
        public void ended(String task, String key, long begun) {}

        @Override
        public void sealed(Path file, SegmentHeader header, long endPosition, long bytes) {}
    };

    @Test
    void perform_itemFailsAndSoDoesTheReport_doesTheNextOnes() throws InterruptedException {
        List<String> done = new CopyOnWriteArrayList<>();
        CountDownLatch last = new CountDownLatch(1);
        BackgroundThread<String> thread = new BackgroundThread<>("background-test", THROWS) {
            @Override
            void work(String item) {
                if (item.equals("fails")) {
                    throw new IllegalStateException("made by the test");
                }
                done.add(item);
                if (item.equals("last")) {
                    last.countDown();
                }
            }

            @Override
            String streamOf(String item) {
                return item;
            }
        };
        thread.start();
        for (String item : List.of("first", "fails", "second", "fails", "last")) {
            assertThat(thread.add(item)).isTrue();
        }
        last.await();
        thread.end();
        assertThat(done).containsExactly("first", "second", "last");
    }
}
