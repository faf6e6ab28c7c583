package dev.streamwal.pack;

import static dev.streamwal.format.FormatException.check;

import dev.streamwal.format.Checksums;
import dev.streamwal.format.FormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The catalogue of keys, a file with the keys in packs and the places of their segments: groups of keys, their {@link BlockIndex index}, the packs
 * that it covers, and a footer; little-endian. A group is a prefix, a {@link KeyBlockLayout block of keys}, the lists of their segments, one behind
 * the other, and zeros up to a multiple of 8:
 *
 * <pre>
 *   0  4  group checksum    CRC32C over [4, group bytes), exclusive or with the footer's salt
 *   4  4  group bytes       of the whole group
 * </pre>
 *
 * <p>The facts about a key:
 *
 * <pre>
 *   pack             which of the packs has its newest segment: 0 is the first
 *   base             of that segment, signed difference to that of the key before; to 0 at a block's beginning
 *   list bytes       how long the list of its segments is
 * </pre>
 *
 * <p>The facts about each of its segments, in order of position:
 *
 * <pre>
 *   pack             twice which of the packs has it, and 1 more where all timestamps of its records are in the pack's window
 *   base             signed difference to the end of the segment before; to 0 for the first
 *   frames           their bytes, divided by 8
 *   block            where the block of the pack's table begins that has the segment, from the table's beginning, divided by 8
 *   spread           of the timestamps of its records; only where one of them is outside of the pack's window
 * </pre>
 *
 * <p>The packs, by ascending numbers:
 *
 * <pre>
 *   0  8  number            of the pack
 *   8  8  bytes             of its file
 *  16  8  segments          how many
 *  24  8  table offset      where the table blocks begin
 *  32  8  index offset      where they end
 *  40 88  header            of the pack
 * </pre>
 *
 * <p>Then the footer:
 *
 * <pre>
 *   0  8  index offset      where the index begins: behind the last group
 *   8  4  index bytes       the packs follow, then the footer
 *  12  4  packs             how many
 *  16  4  groups            how many
 *  20  4  checksum          CRC32C over index and packs
 *  24  8  keys              how many
 *  32  8  edits             changes of the manifest by then
 *  40  8  file length       bytes
 *  48  4  salt              CRC32C over edits and packs: a group of another file is known by it
 *  52  4  footer checksum   CRC32C over [0, 64) with this field as zero
 *  56  8  magic             "STRMKEY3"
 * </pre>
 */
final class KeyCatalogLayout {

    static final int GROUP_CHECKSUM = 0;
    static final int GROUP_BYTES = 4;
    /** Bytes of a group before its block of keys. */
    static final int GROUP_PREFIX_BYTES = 8;

    static final int INDEX_OFFSET = 0;
    static final int INDEX_BYTES = 8;
    static final int PACKS = 12;
    static final int GROUPS = 16;
    static final int CHECKSUM = 20;
    static final int KEYS = 24;
    static final int EDITS = 32;
    static final int FILE_LENGTH = 40;
    static final int SALT = 48;
    static final int FOOTER_CHECKSUM = 52;
    static final int MAGIC = 56;
    /** Bytes of the footer. */
    static final int BYTES = 64;

    /** A block gets no key that might make it longer than this. */
    static final int MAX_BLOCK_BYTES = 4 << 10;
    /** More than the facts about a key take: four numbers of at most ten bytes. */
    static final int MAX_FACTS_BYTES = 40;
    /** A group gets no further key when its lists are longer than this; the list of one key may be longer. */
    static final int MAX_LISTS_BYTES = 12 << 10;
    /** More than the facts about a segment take. */
    static final int MAX_SEGMENT_BYTES = 32;
    /** Segments of one key: some 500 GiB in packs. */
    static final int MAX_SEGMENTS = 1 << 19;
    static final int MAX_GROUP_BYTES = GROUP_PREFIX_BYTES + MAX_BLOCK_BYTES + MAX_LISTS_BYTES + MAX_SEGMENTS * MAX_SEGMENT_BYTES;
    /** Bytes of one pack's entry. */
    static final int PACK_BYTES = 40 + PackHeaderLayout.BYTES;
    /** The limit of a manifest. */
    static final int MAX_PACKS = 1 << 16;

    /** "STRMKEY3". */
    private static final long MAGIC_VALUE = 0x3359_454B_4D52_5453L;

    private KeyCatalogLayout() {}

    /** Files with the same salt have the same facts about the same packs. */
    static int salt(long edits, List<CatalogedPack> packs) {
        ByteBuffer all = ByteBuffer.allocate(Long.BYTES + packs.size() * PACK_BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(edits);
        put(all, packs);
        return Checksums.of(all, 0, all.position());
    }

    private static void put(ByteBuffer out, List<CatalogedPack> packs) {
        for (CatalogedPack each : packs) {
            out.putLong(each.pack().number()).putLong(each.pack().bytes()).putLong(each.pack().segments());
            out.putLong(each.facts().tableOffset()).putLong(each.facts().indexOffset()).put(PackHeaderLayout.encode(each.facts().header()));
        }
    }

    /** The bytes behind the groups. */
    static ByteBuffer encode(byte[] index, long indexOffset, int groups, long keys, long edits, List<CatalogedPack> packs) {
        int packBytes = packs.size() * PACK_BYTES;
        ByteBuffer out = ByteBuffer.allocate(index.length + packBytes + BYTES).order(ByteOrder.LITTLE_ENDIAN).put(index);
        put(out, packs);
        int footer = out.position();
        out.putInt(footer + CHECKSUM, Checksums.of(out, 0, footer));
        out.putLong(footer + INDEX_OFFSET, indexOffset);
        out.putInt(footer + INDEX_BYTES, index.length);
        out.putInt(footer + PACKS, packs.size());
        out.putInt(footer + GROUPS, groups);
        out.putLong(footer + KEYS, keys);
        out.putLong(footer + EDITS, edits);
        out.putLong(footer + FILE_LENGTH, indexOffset + out.capacity());
        out.putInt(footer + SALT, salt(edits, packs));
        out.putLong(footer + MAGIC, MAGIC_VALUE);
        out.putInt(footer + FOOTER_CHECKSUM, Checksums.without(out, footer, BYTES, FOOTER_CHECKSUM));
        return out.clear();
    }

    /** Checks every length before it decides on a read or an allocation. */
    static void checkFooter(ByteBuffer footer, long fileLength) throws FormatException {
        check(footer.getLong(MAGIC) == MAGIC_VALUE, "catalogue of keys doesn't end with \"STRMKEY3\"", footer.getLong(MAGIC));
        int checksum = footer.getInt(FOOTER_CHECKSUM);
        check(checksum == Checksums.without(footer, 0, BYTES, FOOTER_CHECKSUM), "checksum mismatch of a catalogue's footer",
                checksum);
        check(footer.getLong(FILE_LENGTH) == fileLength, "catalogue of keys isn't as long as its footer says", fileLength);
        long index = footer.getLong(INDEX_OFFSET);
        int indexBytes = footer.getInt(INDEX_BYTES);
        int packs = footer.getInt(PACKS);
        check(packs >= 1 && packs <= MAX_PACKS, "catalogue covers no packs, or too many", packs);
        check(indexBytes >= 0 && indexBytes <= BlockIndex.MAX_BYTES && index >= 0 && index <= fileLength
                && index + indexBytes + (long) packs * PACK_BYTES + BYTES == fileLength,
                "catalogue doesn't end with index, packs and footer", indexBytes);
        int groups = footer.getInt(GROUPS);
        check(groups == 0 ? index == 0 && indexBytes == 0 : groups > 0 && groups <= index, "groups of keys don't fit before the index", groups);
        check(footer.getLong(KEYS) >= groups && footer.getLong(EDITS) >= 0, "fewer keys than groups, or a negative number of edits",
                footer.getLong(KEYS));
    }

    /** @param in positioned where the packs begin */
    static List<CatalogedPack> packs(ByteBuffer in, int count) throws FormatException {
        List<CatalogedPack> packs = new ArrayList<>(count);
        long before = -1;
        for (int i = 0; i < count; i++) {
            CoveredPack pack = new CoveredPack(in.getLong(), in.getLong(), in.getLong());
            check(pack.number() > before, "numbers of packs don't ascend", pack.number());
            before = pack.number();
            long table = in.getLong();
            long index = in.getLong();
            PackHeader header = PackHeaderLayout.decode(in.slice(in.position(), PackHeaderLayout.BYTES).order(ByteOrder.LITTLE_ENDIAN));
            in.position(in.position() + PackHeaderLayout.BYTES);
            check(header.number() == pack.number(), "header of a pack has another number", header.number());
            check(table >= PackHeaderLayout.BYTES && index > table && index - table <= PackTable.MAX_BYTES && index < pack.bytes(),
                    "table of a pack isn't in its file, or too long", table);
            packs.add(new CatalogedPack(pack, new PackFacts(header, table, index)));
        }
        return packs;
    }
}
