package dev.streamwal.leaks;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Leaks are noticed: otherwise the watch over all the other tests would show nothing. */
class LeakWatchTest {

    @Test
    void everyBufferIsWatched() {
        assertThat(ResourceLeakDetector.getLevel()).isEqualTo(ResourceLeakDetector.Level.PARANOID);
    }

    @Test
    @Timeout(300)
    void aBufferThatIsNotReleasedIsNoticed() throws InterruptedException {
        loseABuffer();

        List<String> leaks = new ArrayList<>();
        while (leaks.isEmpty()) {
            leaks.addAll(LeakWatch.findLeaks());
            Thread.sleep(Duration.ofMillis(1).toMillis());
        }

        assertThat(leaks).singleElement().asString().contains("not released");
    }

    @Test
    void aBufferThatIsReleasedIsNoLeak() {
        ByteBuf buffer = PooledByteBufAllocator.DEFAULT.buffer(100).writeLong(1);
        buffer.release();

        assertThat(LeakWatch.findLeaks()).isEmpty();
    }

    private static void loseABuffer() {
        ByteBuf lost = PooledByteBufAllocator.DEFAULT.buffer(100);
        lost.writeLong(1);
    }
}
