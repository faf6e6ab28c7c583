package dev.streamwal.pack;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.StreamKey;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Goes through the streams of a pack in the order of their keys' unsigned bytes. One thread. */
public final class PackWalk {

    private final PackReader pack;
    private final BlockIndex.Cursor blocks;
    private PackTable.@Nullable Cursor block;
    private List<PackEntry> entries = List.of();

    PackWalk(PackReader pack, BlockIndex.Cursor blocks) {
        this.pack = pack;
        this.blocks = blocks;
    }

    /**
     * Goes to the next stream.
     *
     * @return whether there is one
     * @throws CorruptSegmentException once for a table block that is damaged; the call that follows goes on with the next one
     */
    public boolean next() throws IOException {
        try {
            while (block == null || !block.next()) {
                block = null;
                if (!blocks.next()) {
                    return false;
                }
                block = pack.block(blocks, false);
            }
        } catch (FormatException e) {
            throw new AssertionError("a block that was checked is right: file=" + pack, e);
        }
        try {
            entries = block.entriesOfKey();
            return true;
        } catch (FormatException e) {
            throw pack.unreadable(e, blocks);
        }
    }

    /** The stream. */
    public StreamKey key() {
        return entries.get(0).key();
    }

    /** The stream's segments, in order of position. */
    public List<PackEntry> entries() {
        return entries;
    }
}
