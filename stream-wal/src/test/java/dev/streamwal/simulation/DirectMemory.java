package dev.streamwal.simulation;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/** Memory for mappings, which the collector would be slow to give back. Thread-safe. */
final class DirectMemory {

    /** What is kept of a size: more are hardly ever in use at once. */
    private static final int MAX_KEPT = 64;

    private static final Map<Integer, Deque<ByteBuffer>> FREE = new HashMap<>();

    private DirectMemory() {}

    /** Zeros. */
    static ByteBuffer take(int bytes) {
        ByteBuffer free;
        synchronized (FREE) {
            Deque<ByteBuffer> ofSize = FREE.get(bytes);
            free = ofSize == null ? null : ofSize.poll();
        }
        if (free == null) {
            return ByteBuffer.allocateDirect(bytes);
        }
        free.clear();
        free.put(0, new byte[bytes]);
        return free;
    }

    /** Nobody uses it any more. */
    static void give(ByteBuffer memory) {
        synchronized (FREE) {
            Deque<ByteBuffer> ofSize = FREE.computeIfAbsent(memory.capacity(), size -> new ArrayDeque<>());
            if (ofSize.size() < MAX_KEPT) {
                ofSize.push(memory);
            }
        }
    }
}
