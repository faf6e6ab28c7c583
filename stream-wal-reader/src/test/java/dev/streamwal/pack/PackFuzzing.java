package dev.streamwal.pack;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.Checksums;
import dev.streamwal.format.FormatException;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.segment.SegmentFuzzing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * What must hold of a pack of any bytes, stored plain or compressed, with encrypted records or without. The first byte says which checksums are put right
 * first, so that a fuzzer gets behind them: none, those of header, block index and footer, those of the table's blocks, and those of records and of blocks
 * of frames.
 */
public final class PackFuzzing {

    private static final FileSystem MEMORY = Jimfs.newFileSystem(Configuration.unix());
    private static final Path FILE = MEMORY.getPath("/1.pack");
    private static final int NUMBER = 1;
    private static final int MIN_BYTES = PackHeaderLayout.BYTES + PackFooterLayout.BYTES;

    private final byte[] file;
    private final ByteBuffer bytes;

    private PackFuzzing(byte[] file) {
        this.file = file;
        this.bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * @return how many encrypted records were opened
     * @throws AssertionError where something doesn't hold
     */
    public static int scan(byte[] data) throws IOException {
        if (data.length == 0) {
            return 0;
        }
        PackFuzzing pack = new PackFuzzing(Arrays.copyOfRange(data, 1, data.length));
        int depth = data[0] & 3;
        if (depth > 0 && pack.file.length >= MIN_BYTES) {
            pack.repairEnds();
            if (depth > 1) {
                pack.repairTable();
            }
            if (depth > 2) {
                pack.repairSegments();
            }
        }
        return pack.check();
    }

    // ---------------------------------------------------------------- what must hold

    private int check() throws IOException {
        int opened = 0;
        try (ChannelCache channels = new ChannelCache(1); PackReader pack = open(channels)) {
            PackWalk walk = pack.walk();
            long entries = 0;
            for (Optional<PackEntry> entry = next(walk); entry.isPresent(); entry = next(walk)) {
                require(++entries <= file.length, "a pack has no more segments than bytes");
                opened += check(pack, entry.get());
            }
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            require(e.getMessage().contains(FILE.toString()), "damage is told with the file");
        }
        return opened;
    }

    private PackReader open(ChannelCache channels) throws IOException {
        Files.write(FILE, file);
        return PackReader.open(channels, FILE, NUMBER, new BlockCache(1 << 20));
    }

    /** The next segment of which the table can be read. */
    private static Optional<PackEntry> next(PackWalk walk) throws IOException {
        while (true) {
            try {
                return walk.next() ? Optional.of(walk.entry()) : Optional.empty();
            } catch (CorruptSegmentException e) {
                // told once of each block of the table
            }
        }
    }

    private static int check(PackReader pack, PackEntry entry) throws IOException {
        require(entry.offset() >= PackHeaderLayout.BYTES && entry.offset() + entry.storedBytes() <= pack.footer().tableOffset(),
                "a segment is stored before the table");
        require(entry.dataBytes() <= PackWriter.MAX_SEGMENT_BYTES, "a segment is as long as it may be");
        try {
            require(pack.find(entry.key()).contains(entry), "a segment that is walked over is found");
        } catch (CorruptSegmentException e) {
            // another block of the table that may have it
        }
        try {
            require(pack.segmentFooter(entry).dataEnd() == entry.dataEnd(), "a segment's footer is of the segment");
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            // the records are read all the same
        }
        try (PackedBytes frames = pack.open(entry)) {
            return SegmentFuzzing.scan(frames, pack.segmentHeader(entry), entry.dataEnd());
        }
    }

    // ---------------------------------------------------------------- repairs

    private void repairEnds() {
        bytes.putLong(PackHeaderLayout.NUMBER, NUMBER);
        int headerChecksum = Checksums.without(bytes, 0, PackHeaderLayout.BYTES, PackHeaderLayout.HEADER_CHECKSUM);
        bytes.putInt(PackHeaderLayout.HEADER_CHECKSUM, headerChecksum);
        int footer = file.length - PackFooterLayout.BYTES;
        int indexEnd = footer;
        if (bytes.getLong(footer + PackFooterLayout.FOOTER_MAGIC) == PacksForTests.REPEATS_HEADER && footer >= MIN_BYTES) {
            indexEnd = footer - PackHeaderLayout.BYTES;
            bytes.put(indexEnd, file, 0, PackHeaderLayout.BYTES);
        }
        bytes.putLong(footer + PackFooterLayout.FILE_LENGTH, file.length).putInt(footer + PackFooterLayout.HEADER_CHECKSUM, headerChecksum);
        long index = bytes.getLong(footer + PackFooterLayout.INDEX_OFFSET);
        if (index >= PackHeaderLayout.BYTES && index <= indexEnd - KeyBlockLayout.PREFIX_BYTES) {
            repairKeys((int) index, indexEnd);
            bytes.putInt(footer + PackFooterLayout.INDEX_BYTES, (int) (indexEnd - index));
            bytes.putInt(footer + PackFooterLayout.INDEX_CHECKSUM, bytes.getInt((int) index + KeyBlockLayout.CHECKSUM));
        }
        bytes.putInt(footer + PackFooterLayout.FOOTER_CHECKSUM,
                Checksums.without(bytes, footer, PackFooterLayout.BYTES, PackFooterLayout.FOOTER_CHECKSUM));
    }

    private void repairKeys(int from, int to) {
        bytes.putInt(from + KeyBlockLayout.BLOCK_BYTES, to - from);
        bytes.putInt(from + KeyBlockLayout.CHECKSUM, Checksums.of(bytes, from + KeyBlockLayout.BLOCK_BYTES, to));
    }

    private void repairTable() throws IOException {
        try (ChannelCache channels = new ChannelCache(1); PackReader pack = open(channels)) {
            BlockIndex index = pack.index();
            for (int block = 0; block < index.blocks(); block++) {
                if (index.length(block) >= KeyBlockLayout.PREFIX_BYTES) {
                    repairKeys((int) index.offset(block), (int) index.offset(block) + index.length(block));
                }
            }
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            // has no table
        }
    }

    private void repairSegments() throws IOException {
        try (ChannelCache channels = new ChannelCache(1); PackReader pack = open(channels)) {
            PackWalk walk = pack.walk();
            for (Optional<PackEntry> entry = next(walk); entry.isPresent(); entry = next(walk)) {
                repair(entry.get());
            }
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            // has no segments
        }
    }

    private void repair(PackEntry entry) {
        Extent extent = entry.extent();
        int from = (int) extent.offset();
        if (extent.isAsTheyAre()) {
            SegmentFuzzing.repair(file, from, from + entry.dataBytes(), entry.basePosition(), entry.salt());
        } else if (extent.listBytes() == 0) {
            repairBlock(from, from + extent.storedBytes(), entry.basePosition(), entry.salt());
        } else {
            repairBlock(from, from + extent.listBytes(), entry.basePosition(), entry.salt());
            repairBlocks(entry);
        }
    }

    private void repairBlocks(PackEntry entry) {
        Extent extent = entry.extent();
        int from = (int) extent.offset();
        try {
            FrameBlocks.BlockList blocks = FrameBlocks.BlockList.decode(
                    bytes.slice(from, extent.listBytes()), extent.storedBytes(), entry.basePosition(), entry.salt());
            for (int block = 0; block < blocks.count(); block++) {
                int at = from + blocks.storedOffset(block);
                repairBlock(at, at + blocks.storedBytes(block), entry.basePosition() + blocks.offset(block), entry.salt());
            }
        } catch (FormatException e) {
            // is no list
        }
    }

    /** A block of frames, or a list of them: the checksum is in front. */
    private void repairBlock(int from, int to, long position, long salt) {
        if (to - from > Integer.BYTES) {
            CRC32C crc = new CRC32C();
            crc.update(ByteBuffer.allocate(2 * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(salt).putLong(position).flip());
            crc.update(file, from + Integer.BYTES, to - from - Integer.BYTES);
            bytes.putInt(from, (int) crc.getValue());
        }
    }

    private static void require(boolean fact, String rule) {
        if (!fact) {
            throw new AssertionError(rule);
        }
    }
}
