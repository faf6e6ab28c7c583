package dev.streamwal.pack;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Blocks of packs that are checked: of their tables and of the catalogue of keys, unpacked frames, or chunks of packs in a tier. Thread-safe.
 *
 * <p>Blocks that were asked for again stay before those that were only put here, which a long scan does with all that it reads: each kind has its order of
 * use, and the memory is taken from the second kind first (a segmented LRU: Karedla, Love, Wherry, "Caching strategies to improve disk system
 * performance", 1994).
 */
public final class BlockCache {

    /** Memory of a block's place in the map, beside its bytes. */
    private static final int OVERHEAD_BYTES = 128;

    /** So much of the memory is left to blocks that nobody has asked for again, or every new one would go before its second use. */
    private static final int SHARE_OF_NEW = 5;

    private final long maxBytes;
    private final Map<Place, byte[]> fresh = new LinkedHashMap<>();
    private final Map<Place, byte[]> usedAgain = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;
    private long usedAgainBytes;

    private record Place(Object file, long offset) {}

    /** @param maxBytes limit of the blocks' memory, with its overhead; 0 for no cache */
    public BlockCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    private static long memory(byte[] block) {
        return OVERHEAD_BYTES + block.length;
    }

    public synchronized byte @Nullable [] get(Object file, long offset) {
        Place place = new Place(file, offset);
        byte[] known = usedAgain.get(place);
        return known != null ? known : getFresh(place);
    }

    private byte @Nullable [] getFresh(Place place) {
        byte[] block = fresh.remove(place);
        if (block != null) {
            usedAgain.put(place, block);
            usedAgainBytes += memory(block);
            Iterator<Map.Entry<Place, byte[]>> oldest = usedAgain.entrySet().iterator();
            while (usedAgainBytes > maxBytes - maxBytes / SHARE_OF_NEW) {
                Map.Entry<Place, byte[]> unused = oldest.next();
                usedAgainBytes -= memory(unused.getValue());
                fresh.put(unused.getKey(), unused.getValue());
                oldest.remove();
            }
        }
        return block;
    }

    public synchronized void put(Object file, long offset, byte[] block) {
        if (memory(block) > maxBytes) {
            return;
        }
        Place place = new Place(file, offset);
        forget(place);
        fresh.put(place, block);
        bytes += memory(block);
        Iterator<byte[]> oldest = fresh.values().iterator();
        while (bytes > maxBytes) {
            bytes -= memory(oldest.next());
            oldest.remove();
        }
    }

    private void forget(Place place) {
        byte[] before = fresh.remove(place);
        if (before != null) {
            bytes -= memory(before);
        }
        byte[] usedBefore = usedAgain.remove(place);
        if (usedBefore != null) {
            bytes -= memory(usedBefore);
            usedAgainBytes -= memory(usedBefore);
        }
    }

    /** Forgets the blocks of a file. */
    public synchronized void remove(Object file) {
        List<Place> gone = new ArrayList<>();
        for (Map<Place, byte[]> blocks : List.of(fresh, usedAgain)) {
            for (Place place : blocks.keySet()) {
                if (place.file().equals(file)) {
                    gone.add(place);
                }
            }
        }
        gone.forEach(this::forget);
    }

    /** Forgets all blocks. */
    public synchronized void clear() {
        fresh.clear();
        usedAgain.clear();
        bytes = 0;
        usedAgainBytes = 0;
    }

    /** Memory of the blocks now. */
    public synchronized long bytes() {
        return bytes;
    }
}
