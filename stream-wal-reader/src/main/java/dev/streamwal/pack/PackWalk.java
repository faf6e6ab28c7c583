package dev.streamwal.pack;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.StreamKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Goes through the parts of a pack in the order of their keys' unsigned bytes, and reads only table blocks that may have one of those asked
 * for. One thread.
 */
public final class PackWalk {

    private static final byte[] NOTHING = {};

    private final PackReader pack;
    private final BlockIndex.Cursor blocks;
    private byte[] from = NOTHING;
    private byte[] prefix = NOTHING;
    private long fromMillis = Long.MIN_VALUE;
    private long toMillis = Long.MAX_VALUE;
    private boolean isOfTime;
    private boolean hasBegun;
    private boolean hasEnded;
    private PackTable.@Nullable Cursor block;

    PackWalk(PackReader pack) {
        this.pack = pack;
        this.blocks = pack.index();
    }

    /** Begins with this key, or the first behind it. */
    public PackWalk from(StreamKey key) {
        checkNotBegun();
        from = key.utf8();
        return this;
    }

    /** Only keys that begin so. */
    public PackWalk withPrefix(String newPrefix) {
        checkNotBegun();
        prefix = newPrefix.getBytes(StandardCharsets.UTF_8);
        return this;
    }

    /** Only parts whose records' timestamps overlap this span, the end not included; none without records. */
    public PackWalk between(long newFromMillis, long newToMillis) {
        checkNotBegun();
        fromMillis = newFromMillis;
        toMillis = newToMillis;
        isOfTime = true;
        return this;
    }

    private void checkNotBegun() {
        if (hasBegun) {
            throw new IllegalStateException("what a walk is through is said before it begins: file=" + pack);
        }
    }

    /**
     * The next part.
     *
     * @return empty at the end
     * @throws CorruptSegmentException once for a table block that is damaged; the call that follows goes on with the next one
     */
    public Optional<PackEntry> next() throws IOException {
        try {
            while (!hasEnded) {
                if (block == null) {
                    nextBlock();
                } else if (!block.next()) {
                    block = null;
                } else if (isBehindPrefix(block)) {
                    hasEnded = true;
                } else if (block.compareKey(from) >= 0 && block.hasPrefix(prefix)) {
                    PackEntry entry = entry(block);
                    if (!isOfTime || entry.overlaps(fromMillis, toMillis)) {
                        return Optional.of(entry);
                    }
                }
            }
            return Optional.empty();
        } catch (FormatException e) {
            throw new AssertionError("a block that was checked is right: file=" + pack, e);
        }
    }

    private PackEntry entry(PackTable.Cursor part) throws IOException {
        try {
            return part.entry();
        } catch (FormatException e) {
            throw pack.unreadable(e, blocks);
        }
    }

    /** Whether no key from here on has the prefix. */
    private boolean isBehindPrefix(KeyCursor keys) {
        return !keys.hasPrefix(prefix) && keys.compareKey(prefix) > 0;
    }

    private void nextBlock() throws IOException, FormatException {
        boolean isThere;
        if (hasBegun) {
            isThere = blocks.next();
        } else {
            hasBegun = true;
            byte[] first = Arrays.compareUnsigned(from, prefix) > 0 ? from : prefix;
            isThere = (first.length > 0 && blocks.floor(first)) || blocks.next();
        }
        if (!isThere || isBehindPrefix(blocks)) {
            hasEnded = true;
        } else if (!isOfTime || blocks.overlaps(fromMillis, toMillis)) {
            block = pack.block(blocks);
        }
    }
}
