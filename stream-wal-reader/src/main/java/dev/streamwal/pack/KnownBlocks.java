package dev.streamwal.pack;

import org.jspecify.annotations.Nullable;

/**
 * Blocks of frames of one pack that were read, verified and unpacked before. A pack's file never changes, so reading them again would give the same bytes,
 * unless the file was damaged since. A block belongs to the pack's reader, and is forgotten when the reader is closed.
 *
 * @param pack whose blocks these are
 */
record KnownBlocks(BlockCache cache, Object pack) {

    /** For bytes that are read once. */
    static final KnownBlocks NONE = new KnownBlocks(new BlockCache(0), "none");

    /** @param offset of the block in the pack's file */
    byte @Nullable [] get(long offset) {
        return cache.get(pack, offset);
    }

    /** @param offset of the block in the pack's file */
    void put(long offset, byte[] frames) {
        cache.put(pack, offset, frames);
    }
}
