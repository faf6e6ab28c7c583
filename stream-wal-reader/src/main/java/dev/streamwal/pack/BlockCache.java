package dev.streamwal.pack;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Blocks of packs that are checked: of their tables and of the catalogue of keys, unpacked frames, or chunks of packs in a tier. Thread-safe; finding one
 * takes no lock.
 *
 * <p>New blocks stand in a queue to which a fifth of the memory is left. Those that nobody has asked for again when they come to its head go, as all do that
 * a long scan reads; the others go to a second queue, where each use spares a block one round. A block that is put again soon after it went is one that is
 * asked for again, and goes to the second queue at once: else blocks of yesterday could keep those of today from staying until their second use. (S3-FIFO:
 * Yang and others, "FIFO queues are all you need for cache eviction", SOSP 2023; what has gone is remembered by its hash.)
 *
 * <p>A use only counts. An order of use, as in a linked map, changes references in old objects at each use: in a reader of random refs with a cache of half a
 * GiB, what the collector did about that took a second processor.
 */
public final class BlockCache {

    /** Memory of a block's places, beside its bytes. */
    private static final int OVERHEAD_BYTES = 128;

    /** So much of the memory is left to new blocks. */
    private static final int SHARE_OF_NEW = 5;

    /** More uses don't spare a block more rounds. */
    private static final int MAX_USES = 3;

    /** For each so many bytes of memory a block is remembered that has gone. */
    private static final int BYTES_PER_GONE = 8 << 10;
    private static final int MAX_GONE = 1 << 20;

    private static final long HASH_FACTOR = 0x9E37_79B9_7F4A_7C15L;

    private final long maxBytes;
    /** Each block is its own key, which spares a look at another object's memory. */
    private final Map<Place, Block> blocks = new ConcurrentHashMap<>();
    @GuardedBy("this")
    private final Queue<Block> fresh = new ArrayDeque<>();
    @GuardedBy("this")
    private final Queue<Block> usedAgain = new ArrayDeque<>();
    /** Hashes of blocks that have gone from the first queue, each at an index that follows from it: a later one takes the place of an earlier one. */
    @GuardedBy("this")
    private final long[] gone;
    @GuardedBy("this")
    private long freshBytes;
    @GuardedBy("this")
    private long usedAgainBytes;

    private static class Place {
        private final Object file;
        private final long offset;

        Place(Object file, long offset) {
            this.file = file;
            this.offset = offset;
        }

        /** Never 0. */
        long longHash() {
            return (HASH_FACTOR * (HASH_FACTOR * file.hashCode() + offset)) | 1;
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
        this.gone = new long[(int) Math.max(1, Math.min(MAX_GONE, maxBytes / BYTES_PER_GONE))];
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

    /** Keeps a block, unless it is kept already: a block of a file never changes. */
    public synchronized void put(Object file, long offset, byte[] bytes) {
        Block block = new Block(file, offset, bytes);
        if (block.memory() > maxBytes || blocks.putIfAbsent(block, block) != null) {
            return;
        }
        if (gone[indexOfGone(block)] == block.longHash()) {
            block.uses = 1;
            usedAgain.add(block);
            usedAgainBytes += block.memory();
        } else {
            fresh.add(block);
            freshBytes += block.memory();
        }
        while (freshBytes + usedAgainBytes > maxBytes) {
            // not the only new one, which may take more than a fifth
            if (fresh.size() > 1 && (usedAgainBytes == 0 || freshBytes > maxBytes / SHARE_OF_NEW)) {
                passFresh();
            } else {
                passUsedAgain();
            }
        }
    }

    @GuardedBy("this")
    private int indexOfGone(Block block) {
        return (int) Long.remainderUnsigned(block.longHash() >>> 1, gone.length);
    }

    @GuardedBy("this")
    private void passFresh() {
        Block eldest = fresh.remove();
        freshBytes -= eldest.memory();
        if (eldest.uses == 0) {
            blocks.remove(eldest);
            gone[indexOfGone(eldest)] = eldest.longHash();
        } else {
            eldest.uses--;
            usedAgain.add(eldest);
            usedAgainBytes += eldest.memory();
        }
    }

    @GuardedBy("this")
    private void passUsedAgain() {
        Block eldest = usedAgain.remove();
        if (eldest.uses == 0) {
            usedAgainBytes -= eldest.memory();
            blocks.remove(eldest);
        } else {
            eldest.uses--;
            usedAgain.add(eldest);
        }
    }

    /** Forgets the blocks of a file. */
    public synchronized void remove(Object file) {
        freshBytes -= remove(file, fresh);
        usedAgainBytes -= remove(file, usedAgain);
    }

    @GuardedBy("this")
    private long remove(Object file, Queue<Block> queue) {
        long removed = 0;
        for (Block block : queue) {
            if (block.isOf(file)) {
                removed += block.memory();
                blocks.remove(block);
            }
        }
        boolean unused = removed > 0 && queue.removeIf(block -> block.isOf(file));
        return removed;
    }

    /** Forgets all blocks. */
    public synchronized void clear() {
        blocks.clear();
        fresh.clear();
        usedAgain.clear();
        freshBytes = 0;
        usedAgainBytes = 0;
    }

    /** Memory of the blocks now. */
    public synchronized long bytes() {
        return freshBytes + usedAgainBytes;
    }
}
