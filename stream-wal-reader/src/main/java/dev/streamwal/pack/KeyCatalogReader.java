package dev.streamwal.pack;

import static dev.streamwal.format.FormatException.check;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.Checksums;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The {@link KeyCatalogLayout catalogue of keys}: its packs and its index, by which keys are found in the file. The file never changes, but another
 * file may get its name; the salt tells the groups of the two apart. The catalogue is a cache: a caller that can't read it does without it.
 * Thread-safe.
 */
public final class KeyCatalogReader {

    private static final int KEYS_AT = KeyCatalogLayout.GROUP_PREFIX_BYTES;
    /** Bytes read at opening: usually all that stands behind the groups. */
    private static final int FIRST_READ_BYTES = 64 << 10;

    private final Path file;
    private final long fileLength;
    private final List<CatalogedPack> cataloged;
    private final List<CoveredPack> packs;
    private final BlockIndex index;
    private final long keys;
    private final long edits;
    private final int salt;
    private final LastLookup<Cursor> lastLookup = new LastLookup<>();

    /**
     * Reads footer, packs and index.
     *
     * @throws CorruptSegmentException if one of them is damaged, or of another version
     */
    public KeyCatalogReader(SegmentBytes bytes, Path file) throws IOException {
        this.file = file;
        this.fileLength = bytes.size();
        try {
            check(fileLength >= KeyCatalogLayout.BYTES, "catalogue of keys is shorter than its footer", fileLength);
            int tailBytes = (int) Math.min(fileLength, FIRST_READ_BYTES);
            ByteBuffer tail = PackReader.read(bytes, fileLength - tailBytes, tailBytes);
            int restEnd = tailBytes - KeyCatalogLayout.BYTES;
            ByteBuffer footer = tail.slice(restEnd, KeyCatalogLayout.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            KeyCatalogLayout.checkFooter(footer, fileLength);
            long from = footer.getLong(KeyCatalogLayout.INDEX_OFFSET);
            int restBytes = (int) (fileLength - KeyCatalogLayout.BYTES - from);
            ByteBuffer rest = restBytes > restEnd ? PackReader.read(bytes, from, restBytes)
                    : tail.slice(restEnd - restBytes, restBytes).order(ByteOrder.LITTLE_ENDIAN);
            int checksum = footer.getInt(KeyCatalogLayout.CHECKSUM);
            check(checksum == Checksums.of(rest, 0, rest.limit()), "checksum mismatch of a catalogue's index and packs", checksum);
            byte[] indexBytes = new byte[footer.getInt(KeyCatalogLayout.INDEX_BYTES)];
            rest.get(indexBytes);
            int groups = footer.getInt(KeyCatalogLayout.GROUPS);
            index = groups == 0 ? BlockIndex.EMPTY : BlockIndex.decode(indexBytes, groups, 0, from, KeyCatalogLayout.MAX_GROUP_BYTES);
            cataloged = KeyCatalogLayout.packs(rest, footer.getInt(KeyCatalogLayout.PACKS));
            packs = cataloged.stream().map(CatalogedPack::pack).toList();
            keys = footer.getLong(KeyCatalogLayout.KEYS);
            edits = footer.getLong(KeyCatalogLayout.EDITS);
            salt = footer.getInt(KeyCatalogLayout.SALT);
            check(salt == KeyCatalogLayout.salt(edits, cataloged), "catalogue's salt differs from that of its edits and packs", salt);
        } catch (FormatException e) {
            throw unreadable(e);
        }
    }

    private CorruptSegmentException unreadable(FormatException e) {
        return new CorruptSegmentException(e.getMessage() + ", file=" + file
                + "; no keys are lost: the packs have them, and the file will be rewritten",
                file, null, WalException.NO_POSITION, 0, fileLength, e);
    }

    /** The packs that it covers, by ascending numbers. */
    public List<CoveredPack> packs() {
        return packs;
    }

    /** Facts about one of the {@link #packs()}, by its index. */
    public PackFacts facts(int pack) {
        return cataloged.get(pack).facts();
    }

    public long keys() {
        return keys;
    }

    /** Number of changes of the manifest from which it was written. */
    public long edits() {
        return edits;
    }

    /**
     * The key's segments in the covered packs, in order of position; empty if it has none.
     *
     * @param bytes of the file, open
     * @param cache for groups
     * @throws CorruptSegmentException if the file is damaged, or another file has its name
     */
    public List<CatalogedSegment> find(SegmentBytes bytes, StreamKey key, BlockCache cache) throws IOException {
        byte[] wanted = key.utf8();
        int at = index.find(wanted);
        if (at < 0) {
            return List.of();
        }
        try {
            byte[] group = cache.get(this, index.offset(at));
            if (group == null) {
                group = checkedGroup(bytes, at);
                cache.put(this, index.offset(at), group);
            }
            // checked when it was read
            byte[] checked = group;
            Cursor keysOfGroup = lastLookup.seek(at, wanted, () -> new Cursor(keyBlock(checked), at));
            if (keysOfGroup == null) {
                return List.of();
            }
            List<CatalogedSegment> found = keysOfGroup.compareKey(wanted) == 0 ? list(checked, keysOfGroup) : List.of();
            lastLookup.endsAt(at, keysOfGroup);
            return found;
        } catch (FormatException e) {
            throw unreadable(e);
        }
    }

    /** Checks all of a group except the lists of segments, and its keys against the index. */
    private byte[] checkedGroup(SegmentBytes bytes, int at) throws IOException, FormatException {
        byte[] group = group(bytes, at);
        Cursor each = new Cursor(keys(group), at);
        while (each.next()) {
            checkKey(each, at);
        }
        checkLast(each, at);
        return group;
    }

    private byte[] group(SegmentBytes bytes, int at) throws IOException, FormatException {
        ByteBuffer group = PackReader.read(bytes, index.offset(at), index.length(at));
        int checksum = group.getInt(KeyCatalogLayout.GROUP_CHECKSUM);
        check(checksum == (Checksums.of(group, KeyCatalogLayout.GROUP_BYTES, group.limit()) ^ salt), "checksum mismatch of a group of keys",
                checksum);
        check(group.getInt(KeyCatalogLayout.GROUP_BYTES) == group.limit(), "group of keys isn't as long as it says", group.limit());
        return group.array();
    }

    /** The block of keys in a group or its beginning; checked except for its entries. */
    private static byte[] keys(byte[] group) throws FormatException {
        byte[] block = keyBlock(group);
        KeyCursor.checkFrame(block);
        return block;
    }

    private static byte[] keyBlock(byte[] group) throws FormatException {
        check(group.length >= KEYS_AT + KeyBlockLayout.PREFIX_BYTES, "group is too short for a block of keys", group.length);
        int length = ByteBuffer.wrap(group).order(ByteOrder.LITTLE_ENDIAN).getInt(KEYS_AT + KeyBlockLayout.BLOCK_BYTES);
        check(length > 0 && length <= group.length - KEYS_AT, "block of keys is empty, or reaches beyond its group", length);
        return Arrays.copyOfRange(group, KEYS_AT, KEYS_AT + length);
    }

    private void checkKey(Cursor each, int at) throws FormatException {
        check(each.ordinal() > 0 || each.compareKey(index.separator(at)) >= 0, "keys of a group differ from the index", at);
    }

    private void checkLast(Cursor last, int at) throws FormatException {
        byte[] behind = index.separatorBehind(at);
        check(behind == null || last.compareKey(behind) < 0, "keys of a group differ from the index", at);
    }

    private List<CatalogedSegment> list(byte[] group, Cursor key) throws FormatException {
        int from = KEYS_AT + key.blockBytes + key.listsBefore;
        check(key.listBytes <= group.length - from, "list of segments reaches beyond its group", from);
        ByteBuffer in = ByteBuffer.wrap(group, from, key.listBytes);
        List<CatalogedSegment> segments = new ArrayList<>();
        long end = 0;
        while (in.hasRemaining()) {
            int pack = Varints.length(in, 2 * packs.size() - 1);
            long base = end + Varints.signed(in);
            long bytes = (long) Varints.length(in, PackWriter.MAX_SEGMENT_BYTES / RecordLayout.ALIGNMENT) * RecordLayout.ALIGNMENT;
            PackFacts facts = facts(pack >>> 1);
            int block = Varints.length(in, (int) ((facts.indexOffset() - facts.tableOffset()) / RecordLayout.ALIGNMENT) - 1);
            long spread = (pack & 1) == 1 ? TimeSpread.IN_WINDOW : Varints.unsigned(in);
            check(base >= 0 && base <= Long.MAX_VALUE - bytes, "position is negative, or exceeds 63 bits", base);
            segments.add(new CatalogedSegment(pack >>> 1, base, bytes, spread, block));
            end = base + bytes;
        }
        check(!segments.isEmpty(), "key has no segment", from);
        return segments;
    }

    private final class Cursor extends KeyCursor {
        private final int group;
        private final int blockBytes;
        private int pack;
        private long basePosition;
        private int listsBefore;
        private int listBytes;

        Cursor(byte[] block, int group) {
            super(block);
            this.group = group;
            this.blockBytes = block.length;
        }

        @Override
        void readFacts(boolean isSameKey) throws FormatException {
            check(!isSameKey, "key comes twice", ordinal());
            pack = length(packs.size() - 1);
            basePosition += signed();
            check(basePosition >= 0, "position is negative", basePosition);
            listsBefore += listBytes;
            listBytes = length(KeyCatalogLayout.MAX_GROUP_BYTES - listsBefore);
        }
    }

    /**
     * A walk through all keys.
     *
     * @param bytes of the file, open
     */
    public Walk walk(SegmentBytes bytes) {
        return walk(bytes, new byte[0]);
    }

    /**
     * A walk through the keys that begin with these bytes. Reads only groups that may have one.
     *
     * @param bytes of the file, open
     */
    public Walk walk(SegmentBytes bytes, byte[] beginning) {
        return new Walk(bytes, beginning);
    }

    /** Goes through the keys in the order of their unsigned bytes. Reads lists of segments only on request. One thread. */
    public final class Walk {
        private final SegmentBytes bytes;
        private final byte[] beginning;
        private @Nullable Cursor keysOfGroup;
        private byte @Nullable [] group;
        private long walked;

        private Walk(SegmentBytes bytes, byte[] beginning) {
            this.bytes = bytes;
            this.beginning = beginning;
        }

        /**
         * Goes to the next key.
         *
         * @return false at the end
         * @throws CorruptSegmentException if the file is damaged; the keys before are valid
         */
        public boolean next() throws IOException {
            try {
                boolean isNext = isNext();
                while (isNext && current().compareBeginning(beginning) < 0) {
                    isNext = isNext();
                }
                return isNext && current().compareBeginning(beginning) == 0;
            } catch (FormatException e) {
                throw unreadable(e);
            }
        }

        private boolean isNext() throws IOException, FormatException {
            while (keysOfGroup == null || !keysOfGroup.next()) {
                Cursor before = keysOfGroup;
                int at = before == null ? first() : before.group + 1;
                if (at == index.blocks()) {
                    check(beginning.length > 0 || walked == keys, "number of keys differs from the catalogue's footer", walked);
                    return false;
                }
                if (before != null) {
                    checkLast(before, before.group);
                }
                int count = Math.min(index.length(at), KEYS_AT + KeyCatalogLayout.MAX_BLOCK_BYTES);
                keysOfGroup = new Cursor(keys(PackReader.read(bytes, index.offset(at), count).array()), at);
                group = null;
            }
            checkKey(keysOfGroup, keysOfGroup.group);
            walked++;
            return true;
        }

        private int first() {
            return Math.max(0, index.find(beginning));
        }

        private Cursor current() {
            if (keysOfGroup == null) {
                throw new IllegalStateException("walk stands on no key; call next() first");
            }
            return keysOfGroup;
        }

        public StreamKey key() throws IOException {
            try {
                return StreamKey.ofUtf8(current().key());
            } catch (FormatException e) {
                throw unreadable(e);
            }
        }

        /** Index in {@link #packs()} of the pack with the key's newest segment. */
        public int pack() {
            return current().pack;
        }

        /** Position where that segment begins. */
        public long basePosition() {
            return current().basePosition;
        }

        /** All segments of the key, in order of position. */
        public List<CatalogedSegment> segments() throws IOException {
            Cursor key = current();
            try {
                byte[] read = group;
                if (read == null) {
                    read = group(bytes, key.group);
                    group = read;
                }
                return list(read, key);
            } catch (FormatException e) {
                throw unreadable(e);
            }
        }
    }
}
