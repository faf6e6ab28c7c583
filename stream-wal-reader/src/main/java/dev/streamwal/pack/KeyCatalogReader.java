package dev.streamwal.pack;

import static dev.streamwal.pack.PackHeaderLayout.check;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The {@link KeyCatalogLayout catalogue of keys}, which is read from a file that stays the same while it is open. Whoever is told that it can't be
 * read does without it: it is a cache. One thread.
 */
public final class KeyCatalogReader {

    /** Blocks are read so many bytes at a time. */
    private static final int CHUNK_BYTES = 256 << 10;

    private final SegmentBytes bytes;
    private final Path file;
    private final List<CoveredPack> packs;
    private final @Nullable BlockIndex index;
    private final long keys;
    private final long edits;

    /**
     * Reads footer, packs and index.
     *
     * @throws CorruptSegmentException where one of them is damaged, or of another version
     */
    public KeyCatalogReader(SegmentBytes bytes, Path file) throws IOException {
        this.bytes = bytes;
        this.file = file;
        long size = bytes.size();
        try {
            check(size >= KeyCatalogLayout.BYTES, "a catalogue of keys has a footer", size);
            ByteBuffer footer = PackReader.read(bytes, size - KeyCatalogLayout.BYTES, KeyCatalogLayout.BYTES);
            KeyCatalogLayout.checkFooter(footer, size);
            long from = footer.getLong(KeyCatalogLayout.INDEX_OFFSET);
            ByteBuffer rest = PackReader.read(bytes, from, (int) (size - KeyCatalogLayout.BYTES - from));
            int checksum = footer.getInt(KeyCatalogLayout.CHECKSUM);
            check(checksum == PackChecksum.of(rest, 0, rest.limit()), "the checksum of a catalogue's index and packs is right", checksum);
            byte[] indexBytes = new byte[footer.getInt(KeyCatalogLayout.INDEX_BYTES)];
            rest.get(indexBytes);
            int blocks = footer.getInt(KeyCatalogLayout.BLOCKS);
            index = blocks == 0 ? null : BlockIndex.decode(indexBytes, blocks, 0, from);
            packs = KeyCatalogLayout.packs(rest, footer.getInt(KeyCatalogLayout.PACKS));
            keys = footer.getLong(KeyCatalogLayout.KEYS);
            edits = footer.getLong(KeyCatalogLayout.EDITS);
        } catch (FormatException e) {
            throw unreadable(e, size);
        }
    }

    private CorruptSegmentException unreadable(FormatException e, long end) {
        return new CorruptSegmentException(e.getMessage() + ", file=" + file + "; the keys are in the packs, and the file is written anew", file, null,
                WalException.NO_POSITION, 0, end, e);
    }

    /** Those that it covers, by ascending numbers. */
    public List<CoveredPack> packs() {
        return packs;
    }

    /** How many it has. */
    public long keys() {
        return keys;
    }

    /** How many changes the manifest had had by which it was written. */
    public long edits() {
        return edits;
    }

    /** All keys. */
    public Walk walk() {
        return new Walk();
    }

    private final class Cursor extends KeyCursor {
        private int pack;
        private long basePosition;

        Cursor(byte[] block) {
            super(block);
        }

        @Override
        void readFacts(boolean isSameKey) throws FormatException {
            check(!isSameKey, "a key is there once", ordinal());
            pack = length(packs.size() - 1);
            basePosition += signed();
            check(basePosition >= 0, "a position is not negative", basePosition);
        }
    }

    /** Goes through the keys in the order of their unsigned bytes. */
    public final class Walk {
        private byte[] chunk = new byte[0];
        private int chunkAt;
        private int block = -1;
        private @Nullable Cursor keysOfBlock;
        private long walked;

        private Walk() {}

        /**
         * Goes to the next key.
         *
         * @return false at the end
         * @throws CorruptSegmentException where the file is damaged; the keys before are right
         */
        public boolean next() throws IOException {
            try {
                return isNext();
            } catch (FormatException e) {
                throw unreadable(e, bytes.size());
            }
        }

        private boolean isNext() throws IOException, FormatException {
            while (keysOfBlock == null || !keysOfBlock.next()) {
                Cursor before = keysOfBlock;
                if (index == null || block + 1 == index.blocks()) {
                    check(walked == keys, "a catalogue has as many keys as it says", walked);
                    return false;
                }
                checkBehind(before, index);
                keysOfBlock = cursor(index, ++block);
            }
            if (keysOfBlock.ordinal() == 0 && index != null) {
                check(keysOfBlock.compareKey(index.separator(block)) >= 0, "a block's keys are those that the index says", block);
            }
            walked++;
            return true;
        }

        private void checkBehind(@Nullable Cursor last, BlockIndex blocks) throws FormatException {
            byte[] behind = block < 0 ? null : blocks.separatorBehind(block);
            check(last == null || behind == null || last.compareKey(behind) < 0, "a block's keys are those that the index says", block);
        }

        private Cursor cursor(BlockIndex blocks, int at) throws IOException, FormatException {
            if (chunkAt == chunk.length) {
                int last = at;
                long from = blocks.offset(at);
                while (last + 1 < blocks.blocks() && blocks.offset(last + 1) + blocks.length(last + 1) - from <= CHUNK_BYTES) {
                    last++;
                }
                chunk = PackReader.read(bytes, from, (int) (blocks.offset(last) + blocks.length(last) - from)).array();
                chunkAt = 0;
            }
            int end = chunkAt + blocks.length(at);
            byte[] one = Arrays.copyOfRange(chunk, chunkAt, end);
            chunkAt = end;
            KeyCursor.checkFrame(one);
            return new Cursor(one);
        }

        private Cursor current() {
            if (keysOfBlock == null) {
                throw new IllegalStateException("a walk stands on a key when next() was true");
            }
            return keysOfBlock;
        }

        /** The key that it stands on. */
        public StreamKey key() throws IOException {
            try {
                return StreamKey.ofUtf8(current().key());
            } catch (FormatException e) {
                throw unreadable(e, bytes.size());
            }
        }

        /** Which of the {@link #packs()} had its newest segment. */
        public int pack() {
            return current().pack;
        }

        /** Where that segment begins. */
        public long basePosition() {
            return current().basePosition;
        }
    }
}
