package dev.streamwal.pack;

import static dev.streamwal.pack.PackHeaderLayout.check;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A pack's last bytes, little-endian: where a reader begins.
 *
 * <pre>
 *   0  8  table offset      where the table blocks begin: behind the last part
 *   8  8  index offset      where the block index begins: behind the last table block
 *  16  4  index bytes       the sources follow
 *  20  4  index checksum    CRC32C over the block index
 *  24  4  sources bytes     the footer follows
 *  28  4  sources checksum  CRC32C over the sources
 *  32  8  parts             how many
 *  40  8  records           data records of all parts
 *  48  8  logical bytes     of the frames of all parts
 *  56  8  smallest          timestamp, epoch ms; Long.MAX_VALUE where there is no record
 *  64  8  largest           timestamp, epoch ms; Long.MIN_VALUE where there is no record
 *  72  8  file length       bytes
 *  80  8  pack number       as in the header
 *  88  8  log id            as in the header
 *  96  4  table blocks      how many
 * 100  4  header checksum   as in the header
 * 104  4  feature flags     as in the header
 * 108  8  zero
 * 116  4  footer checksum   CRC32C over [0, 128) with this field as zero
 * 120  8  footer magic      "STRMPKF1"
 * </pre>
 */
public final class PackFooterLayout {

    static final int TABLE_OFFSET = 0;
    static final int INDEX_OFFSET = 8;
    static final int INDEX_BYTES = 16;
    static final int INDEX_CHECKSUM = 20;
    static final int SOURCES_BYTES = 24;
    static final int SOURCES_CHECKSUM = 28;
    static final int PARTS = 32;
    static final int RECORDS = 40;
    static final int LOGICAL_BYTES = 48;
    static final int SMALLEST = 56;
    static final int LARGEST = 64;
    static final int FILE_LENGTH = 72;
    static final int PACK_NUMBER = 80;
    static final int LOG_ID = 88;
    static final int TABLE_BLOCKS = 96;
    static final int HEADER_CHECKSUM = 100;
    static final int FEATURE_FLAGS = 104;
    static final int FOOTER_CHECKSUM = 116;
    static final int FOOTER_MAGIC = 120;
    /** Of the footer. */
    public static final int BYTES = 128;

    /** A file is shorter than 1 TiB. */
    public static final long MAX_FILE_BYTES = 1L << 40;

    private static final int ZERO = 108;
    /** "STRMPKF1". */
    private static final long MAGIC_VALUE = 0x3146_4B50_4D52_5453L;
    /** "STRMPKF" and any version. */
    private static final long ANY_VERSION_MASK = 0xFF_FFFF_FFFF_FFFFL;

    private PackFooterLayout() {}

    static ByteBuffer encode(PackFooter footer) {
        ByteBuffer out = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(TABLE_OFFSET, footer.tableOffset());
        out.putLong(INDEX_OFFSET, footer.indexOffset());
        out.putInt(INDEX_BYTES, footer.indexBytes());
        out.putInt(INDEX_CHECKSUM, footer.indexChecksum());
        out.putInt(SOURCES_BYTES, footer.sourcesBytes());
        out.putInt(SOURCES_CHECKSUM, footer.sourcesChecksum());
        out.putLong(PARTS, footer.parts());
        out.putLong(RECORDS, footer.records());
        out.putLong(LOGICAL_BYTES, footer.logicalBytes());
        out.putLong(SMALLEST, footer.smallestMillis());
        out.putLong(LARGEST, footer.largestMillis());
        out.putLong(FILE_LENGTH, footer.fileLength());
        out.putLong(PACK_NUMBER, footer.packNumber());
        out.putLong(LOG_ID, footer.logId());
        out.putInt(TABLE_BLOCKS, footer.tableBlocks());
        out.putInt(HEADER_CHECKSUM, footer.headerChecksum());
        out.putInt(FEATURE_FLAGS, footer.featureFlags());
        out.putLong(FOOTER_MAGIC, MAGIC_VALUE);
        out.putInt(FOOTER_CHECKSUM, PackChecksum.without(out, 0, BYTES, FOOTER_CHECKSUM));
        return out;
    }

    /**
     * Judges every length before anything is read or allocated by it.
     *
     * @param source little-endian, with the footer from {@code index} on
     * @param fileLength how long the file is
     */
    static PackFooter decode(ByteBuffer source, int index, long fileLength) throws FormatException {
        long magic = source.getLong(index + FOOTER_MAGIC);
        int checksum = source.getInt(index + FOOTER_CHECKSUM);
        boolean isWhole = checksum == PackChecksum.without(source, index, BYTES, FOOTER_CHECKSUM);
        if (isWhole && magic != MAGIC_VALUE && ((magic ^ MAGIC_VALUE) & ANY_VERSION_MASK) == 0) {
            throw FormatException.unsupported("the pack is of another version of this format: version=0x" + Long.toHexString(magic >>> 56)
                    + ", known=0x31; read it with the version that wrote it");
        }
        check(magic == MAGIC_VALUE, "a pack ends with \"STRMPKF1\"", magic);
        check(isWhole, "the checksum of a pack's footer is right", checksum);
        int features = source.getInt(index + FEATURE_FLAGS);
        PackHeaderLayout.checkFeatures(features);
        PackFooter footer = new PackFooter(source.getLong(index + TABLE_OFFSET), source.getInt(index + TABLE_BLOCKS),
                source.getLong(index + INDEX_OFFSET), source.getInt(index + INDEX_BYTES), source.getInt(index + INDEX_CHECKSUM),
                source.getInt(index + SOURCES_BYTES), source.getInt(index + SOURCES_CHECKSUM), source.getLong(index + PARTS),
                source.getLong(index + RECORDS), source.getLong(index + LOGICAL_BYTES), source.getLong(index + SMALLEST),
                source.getLong(index + LARGEST), source.getLong(index + FILE_LENGTH), source.getLong(index + PACK_NUMBER),
                source.getLong(index + LOG_ID), source.getInt(index + HEADER_CHECKSUM), features);
        check(source.getLong(index + ZERO) == 0, "a pack's footer has zeros where nothing is said", source.getLong(index + ZERO));
        checkPlaces(footer, fileLength);
        return footer;
    }

    private static void checkPlaces(PackFooter footer, long fileLength) throws FormatException {
        check(footer.fileLength() == fileLength, "a pack is as long as its footer says, " + footer.fileLength(), fileLength);
        long table = footer.tableOffset();
        long index = footer.indexOffset();
        check(table >= PackHeaderLayout.BYTES && table % RecordLayout.ALIGNMENT == 0 && table <= fileLength, "a table stands behind the parts",
                table);
        check(index > table && index % RecordLayout.ALIGNMENT == 0 && index <= fileLength && index - table <= PackTable.MAX_BYTES,
                "a block index stands behind the table", index);
        check(footer.indexBytes() > 0 && footer.indexBytes() <= BlockIndex.MAX_BYTES, "a block index has a possible length",
                footer.indexBytes());
        check(footer.sourcesBytes() >= PackSources.FIXED_BYTES && footer.sourcesBytes() <= PackSources.MAX_BYTES,
                "the sources have a possible length", footer.sourcesBytes());
        check(footer.sourcesOffset() + footer.sourcesBytes() + BYTES == fileLength, "a pack ends with index, sources and footer, at "
                + fileLength, footer.sourcesOffset() + footer.sourcesBytes() + BYTES);
        check(footer.tableBlocks() >= 1 && footer.parts() >= footer.tableBlocks(), "a table block has parts, of " + footer.parts(),
                footer.tableBlocks());
        check(footer.records() >= 0 && footer.logicalBytes() >= 0, "counts are not negative", footer.records());
    }
}
