package dev.streamwal.keys;

import dev.streamwal.io.NativePages;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;

/**
 * Keys that are kept off the heap, so that the garbage collector makes no copies of them, and, if the system allows it, in memory that is neither
 * swapped out nor dumped. A use copies a key to the heap, and zeroes the copy. Thread-safe; a use during {@link #zero} may see zeroed keys.
 */
final class KeyMemory {

    private final ByteBuffer bytes;
    private final boolean isLocked;

    private KeyMemory(ByteBuffer bytes, boolean isLocked) {
        this.bytes = bytes;
        this.isLocked = isLocked;
    }

    /** For keys that are kept. */
    static KeyMemory locked(int keys) {
        int length = keys * KeyWrap.KEY_BYTES;
        Optional<ByteBuffer> locked = NativePages.locked(length);
        return locked.map(pages -> new KeyMemory(pages, true)).orElseGet(() -> new KeyMemory(ByteBuffer.allocateDirect(length), false));
    }

    /** For keys that are zeroed soon: on the heap. */
    static KeyMemory brief(int keys) {
        return new KeyMemory(ByteBuffer.allocate(keys * KeyWrap.KEY_BYTES), false);
    }

    boolean isLocked() {
        return isLocked;
    }

    void put(int index, byte[] key) {
        bytes.put(index * KeyWrap.KEY_BYTES, key);
    }

    <T> T with(int index, Function<byte[], T> use) {
        byte[] key = new byte[KeyWrap.KEY_BYTES];
        bytes.get(index * KeyWrap.KEY_BYTES, key);
        try {
            return use.apply(key);
        } finally {
            Arrays.fill(key, (byte) 0);
        }
    }

    void zero() {
        bytes.put(0, new byte[bytes.capacity()]);
    }
}
