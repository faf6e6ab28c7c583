package dev.streamwal.pack;

import static dev.streamwal.format.FormatException.check;

import dev.streamwal.format.Checksums;
import dev.streamwal.format.FormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A pack's last bytes, little-endian.
 *
 * <pre>
 *   0  8  table offset      where the table blocks begin: behind the last segment
 *   8  8  index offset      where the block index begins: behind the last table block
 *  16  4  index bytes       the footer follows
 *  20  4  index checksum    as in the block index
 *  24  8  segments          how many
 *  32  8  records           data records of all segments
 *  40  8  data bytes        of the frames of all segments
 *  48  8  smallest          timestamp, epoch ms; Long.MAX_VALUE where there is no record
 *  56  8  largest           timestamp, epoch ms; Long.MIN_VALUE where there is no record
 *  64  8  file length       bytes
 *  72  4  table blocks      how many
 *  76  4  header checksum   as in the header
 *  80  4  zero
 *  84  4  footer checksum   CRC32C over [0, 96) with this field as zero
 *  88  8  footer magic      "STRMPKF2"; "STRMPKF1" where the header doesn't stand once more before the footer
 * </pre>
 */
final class PackFooterLayout {

    static final int TABLE_OFFSET = 0;
    static final int INDEX_OFFSET = 8;
    static final int INDEX_BYTES = 16;
    static final int INDEX_CHECKSUM = 20;
    static final int SEGMENTS = 24;
    static final int RECORDS = 32;
    static final int DATA_BYTES = 40;
    static final int SMALLEST = 48;
    static final int LARGEST = 56;
    static final int FILE_LENGTH = 64;
    static final int TABLE_BLOCKS = 72;
    static final int HEADER_CHECKSUM = 76;
    static final int FOOTER_CHECKSUM = 84;
    static final int FOOTER_MAGIC = 88;
    /** Bytes of the footer. */
    static final int BYTES = 96;

    /** A file is shorter than 1 TiB. */
    static final long MAX_FILE_BYTES = 1L << 40;

    private static final int ZERO = 80;
    /** "STRMPKF2". */
    private static final long MAGIC_VALUE = 0x3246_4B50_4D52_5453L;
    /** "STRMPKF1", of packs that don't repeat their header. */
    private static final long WITHOUT_HEADER_VALUE = 0x3146_4B50_4D52_5453L;
    /** "STRMPKF" and any version. */
    private static final long ANY_VERSION_MASK = 0xFF_FFFF_FFFF_FFFFL;

    private PackFooterLayout() {}

    static ByteBuffer encode(PackFooter footer) {
        ByteBuffer out = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(TABLE_OFFSET, footer.tableOffset());
        out.putLong(INDEX_OFFSET, footer.indexOffset());
        out.putInt(INDEX_BYTES, footer.indexBytes());
        out.putInt(INDEX_CHECKSUM, footer.indexChecksum());
        out.putLong(SEGMENTS, footer.segments());
        out.putLong(RECORDS, footer.records());
        out.putLong(DATA_BYTES, footer.dataBytes());
        out.putLong(SMALLEST, footer.smallestMillis());
        out.putLong(LARGEST, footer.largestMillis());
        out.putLong(FILE_LENGTH, footer.fileLength());
        out.putInt(TABLE_BLOCKS, footer.tableBlocks());
        out.putInt(HEADER_CHECKSUM, footer.headerChecksum());
        out.putLong(FOOTER_MAGIC, footer.repeatsHeader() ? MAGIC_VALUE : WITHOUT_HEADER_VALUE);
        out.putInt(FOOTER_CHECKSUM, Checksums.without(out, 0, BYTES, FOOTER_CHECKSUM));
        return out;
    }

    /**
     * Checks every length before it decides on a read or an allocation.
     *
     * @param source little-endian, with the footer from {@code index} on
     * @param fileLength length of the file
     */
    static PackFooter decode(ByteBuffer source, int index, long fileLength) throws FormatException {
        long magic = source.getLong(index + FOOTER_MAGIC);
        int checksum = source.getInt(index + FOOTER_CHECKSUM);
        boolean isWhole = checksum == Checksums.without(source, index, BYTES, FOOTER_CHECKSUM);
        boolean isKnown = magic == MAGIC_VALUE || magic == WITHOUT_HEADER_VALUE;
        if (isWhole && !isKnown && ((magic ^ MAGIC_VALUE) & ANY_VERSION_MASK) == 0) {
            throw FormatException.unsupported("pack is of another version of this format: version=0x" + Long.toHexString(magic >>> 56)
                    + ", known=0x31 and 0x32", "read it with the version that wrote it");
        }
        check(isKnown, "pack doesn't end with \"STRMPKF2\"", magic);
        check(isWhole, "checksum mismatch of a pack's footer", checksum);
        PackFooter footer = new PackFooter(source.getLong(index + TABLE_OFFSET), source.getLong(index + INDEX_OFFSET),
                source.getInt(index + INDEX_BYTES), source.getInt(index + INDEX_CHECKSUM), source.getLong(index + SEGMENTS),
                source.getLong(index + RECORDS), source.getLong(index + DATA_BYTES), source.getLong(index + SMALLEST),
                source.getLong(index + LARGEST), source.getLong(index + FILE_LENGTH), source.getInt(index + TABLE_BLOCKS),
                source.getInt(index + HEADER_CHECKSUM), magic == MAGIC_VALUE);
        check(source.getInt(index + ZERO) == 0, "reserved bytes of a pack's footer aren't zero", source.getInt(index + ZERO));
        checkPlaces(footer, fileLength);
        return footer;
    }

    /** Where the header stands once more; if it doesn't, where the footer begins. */
    static long headerAgain(PackFooter footer) {
        return footer.fileLength() - BYTES - (footer.repeatsHeader() ? PackHeaderLayout.BYTES : 0);
    }

    /** Where the header stands by which the pack is opened. */
    static long header(PackFooter footer) {
        return footer.repeatsHeader() ? headerAgain(footer) : 0;
    }

    private static void checkPlaces(PackFooter footer, long fileLength) throws FormatException {
        check(footer.fileLength() == fileLength, "pack isn't as long as its footer says, " + footer.fileLength(), fileLength);
        long table = footer.tableOffset();
        long index = footer.indexOffset();
        check(table >= PackHeaderLayout.BYTES && table <= fileLength, "table's offset is inside the header, or behind the pack's end", table);
        check(index > table && index <= fileLength && index - table <= PackTable.MAX_BYTES,
                "block index isn't behind the table, or the table is too large", index);
        check(footer.indexBytes() > 0 && footer.indexBytes() <= BlockIndex.MAX_BYTES && index + footer.indexBytes() == headerAgain(footer),
                "pack doesn't end with block index, header and footer", footer.indexBytes());
        check(footer.tableBlocks() >= 1 && footer.segments() >= footer.tableBlocks(), "pack has no table blocks, or more table blocks than segments",
                footer.tableBlocks());
        check(footer.records() >= 0 && footer.dataBytes() >= 0, "number of records or data bytes is negative", footer.records());
    }
}
