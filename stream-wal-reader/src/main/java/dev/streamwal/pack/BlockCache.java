package dev.streamwal.pack;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Blocks of packs that are checked: of their tables and of the catalogue of keys, unpacked frames, or chunks of packs in a tier. The least recently used
 * are evicted. Thread-safe.
 */
public final class BlockCache {

    /** Memory of a block's place in the map, beside its bytes. */
    private static final int OVERHEAD_BYTES = 128;

    private final long maxBytes;
    private final Map<Place, byte[]> blocks = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;

    private record Place(Object file, long offset) {}

    /** @param maxBytes limit of the blocks' memory, with its overhead; 0 for no cache */
    public BlockCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    public synchronized byte @Nullable [] get(Object file, long offset) {
        return blocks.get(new Place(file, offset));
    }

    public synchronized void put(Object file, long offset, byte[] block) {
        if (OVERHEAD_BYTES + block.length > maxBytes) {
            return;
        }
        byte[] before = blocks.put(new Place(file, offset), block);
        bytes += before == null ? OVERHEAD_BYTES + block.length : block.length - before.length;
        Iterator<byte[]> oldest = blocks.values().iterator();
        while (bytes > maxBytes) {
            bytes -= OVERHEAD_BYTES + oldest.next().length;
            oldest.remove();
        }
    }

    /** Forgets the blocks of a file. */
    public synchronized void remove(Object file) {
        Iterator<Map.Entry<Place, byte[]>> each = blocks.entrySet().iterator();
        while (each.hasNext()) {
            Map.Entry<Place, byte[]> block = each.next();
            if (block.getKey().file().equals(file)) {
                bytes -= OVERHEAD_BYTES + block.getValue().length;
                each.remove();
            }
        }
    }

    /** Forgets all blocks. */
    public synchronized void clear() {
        blocks.clear();
        bytes = 0;
    }

    /** Memory of the blocks now. */
    public synchronized long bytes() {
        return bytes;
    }
}
