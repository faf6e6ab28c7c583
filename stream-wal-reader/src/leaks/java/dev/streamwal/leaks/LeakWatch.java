package dev.streamwal.leaks;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class after which a buffer is found that was collected and not released; on for all classes by itself. A class may be blamed
 * for one before it whose objects were collected late: the report says where the buffer was created.
 */
public final class LeakWatch implements AfterAllCallback {

    @Override
    public void afterAll(ExtensionContext context) {
        List<String> leaks = findLeaks();
        if (!leaks.isEmpty()) {
            throw new AssertionError(
                    leaks.size() + " buffers were not released; -Dleaks.records=4 tells more of where they were used: " + String.join("\n", leaks));
        }
    }

    /**
     * Collects the garbage, and what it says of buffers. A detector looks at what was collected whenever it hands out a buffer of its kind;
     * a reference is put into its queue some time after the collection.
     */
    static List<String> findLeaks() {
        System.gc();
        for (int i = 0; i < 4; i++) {
            Thread.yield();
            useOne(PooledByteBufAllocator.DEFAULT.directBuffer(1));
            useOne(PooledByteBufAllocator.DEFAULT.heapBuffer(1));
            useOne(UnpooledByteBufAllocator.DEFAULT.directBuffer(1));
        }
        return ReportingLeakDetector.takeLeaks();
    }

    private static void useOne(ByteBuf buffer) {
        buffer.release();
    }
}
