package dev.streamwal.pack;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Checked blocks of packs: table blocks, groups of the catalogue of keys, unpacked frames and the lists of their blocks, or chunks of packs in a tier.
 * Thread-safe; finding one takes no lock.
 *
 * <p>Blocks stand in a queue, new ones at its end. When room is needed, the block at the head is removed, unless it has uses left: then it loses one and goes
 * to the end. Each lookup that finds a block gives it a use, up to {@value #MAX_USES}. So a block that is asked for again and again stays while a scan passes,
 * and one that isn't asked for any more is removed in the end. (The clock algorithm with counters: Nicola, Dan, Dias, "Analysis of the generalized clock buffer
 * replacement scheme for database transaction processing", SIGMETRICS 1992.)
 *
 * <p>A use only changes a counter. A list in order of use, as in a linked map, changes references in old objects at each use: in a reader of random refs with a
 * cache of half a GiB, the collector's work on them took a second processor.
 */
public final class BlockCache {

    /** Memory that a block takes beside its bytes. */
    private static final int OVERHEAD_BYTES = 128;

    /** More uses don't spare a block more rounds. */
    private static final int MAX_USES = 3;

    /** After sparing this many blocks while it makes room for one, it spares no more: other threads that put blocks are waiting. */
    private static final int MAX_SPARED = 1_000;

    private final long maxBytes;
    /** Each block is its own key, which spares a look at another object's memory. */
    private final Map<Place, Block> blocks = new ConcurrentHashMap<>();
    @GuardedBy("this")
    private final Queue<Block> queue = new ArrayDeque<>();
    @GuardedBy("this")
    private long bytes;

    private static class Place {
        private final Object file;
        private final long offset;

        Place(Object file, long offset) {
            this.file = file;
            this.offset = offset;
        }

        boolean isOf(Object other) {
            return file.equals(other);
        }

        @Override
        public final boolean equals(@Nullable Object other) {
            return other instanceof Place place && offset == place.offset && file.equals(place.file);
        }

        @Override
        public final int hashCode() {
            return 31 * file.hashCode() + Long.hashCode(offset);
        }
    }

    private static final class Block extends Place {
        private final byte[] bytes;
        /** Uses that are lost when threads count at once don't matter. */
        private int uses;

        Block(Object file, long offset, byte[] bytes) {
            super(file, offset);
            this.bytes = bytes;
        }

        long memory() {
            return (long) OVERHEAD_BYTES + bytes.length;
        }
    }

    /** @param maxBytes limit of the blocks' memory, with its overhead; 0 for no cache */
    public BlockCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    public byte @Nullable [] get(Object file, long offset) {
        Block block = blocks.get(new Place(file, offset));
        if (block == null) {
            return null;
        }
        int uses = block.uses;
        if (uses < MAX_USES) {
            block.uses = uses + 1;
        }
        return block.bytes;
    }

    /** Keeps a block, if it isn't larger than the cache, and isn't there already: a block of a file never changes. */
    public synchronized void put(Object file, long offset, byte[] content) {
        Block block = new Block(file, offset, content);
        if (block.memory() > maxBytes || blocks.putIfAbsent(block, block) != null) {
            return;
        }
        int spared = 0;
        while (bytes + block.memory() > maxBytes) {
            Block eldest = queue.remove();
            int uses = eldest.uses;
            if (uses > 0 && spared < MAX_SPARED) {
                spared++;
                eldest.uses = uses - 1;
                queue.add(eldest);
            } else {
                blocks.remove(eldest);
                bytes -= eldest.memory();
            }
        }
        queue.add(block);
        bytes += block.memory();
    }

    /** Forgets the blocks of a file. */
    public synchronized void remove(Object file) {
        long before = bytes;
        for (Block block : queue) {
            if (block.isOf(file)) {
                bytes -= block.memory();
                blocks.remove(block);
            }
        }
        boolean unused = bytes < before && queue.removeIf(block -> block.isOf(file));
    }

    /** Forgets all blocks. */
    public synchronized void clear() {
        blocks.clear();
        queue.clear();
        bytes = 0;
    }

    /** Memory of the blocks now, with its overhead. */
    public synchronized long bytes() {
        return bytes;
    }
}
