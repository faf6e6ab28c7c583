package dev.streamwal.tier;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Checked chunks of packs in a tier. The least recently used are evicted. Thread-safe. */
final class ChunkCache {

    /** Memory of a chunk's place in the map, beside its bytes. */
    private static final int OVERHEAD_BYTES = 128;

    private final long maxBytes;
    private final Map<Place, byte[]> chunks = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;

    /** A chunk of an object; a nonce is of one object only. */
    private record Place(long number, long nonce, int chunk) {}

    /** @param maxBytes limit of the chunks' memory, with its overhead; 0 for no cache */
    ChunkCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    synchronized byte @Nullable [] get(ChunkChecksums.Owner pack, int chunk) {
        return chunks.get(new Place(pack.number(), pack.nonce(), chunk));
    }

    synchronized void put(ChunkChecksums.Owner pack, int chunk, byte[] content) {
        byte[] before = chunks.put(new Place(pack.number(), pack.nonce(), chunk), content);
        bytes += content.length + (before == null ? OVERHEAD_BYTES : -before.length);
        Iterator<byte[]> oldest = chunks.values().iterator();
        while (bytes > maxBytes) {
            bytes -= OVERHEAD_BYTES + oldest.next().length;
            oldest.remove();
        }
    }
}
