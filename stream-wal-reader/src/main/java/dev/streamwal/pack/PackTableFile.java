package dev.streamwal.pack;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.IoFailure;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.OpenBytes;
import dev.streamwal.io.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * The table of a pack whose segments are in the log's tier: {@code packs/<number>.table} has the pack's header, and then all that stands behind the segments:
 * table blocks, block index, header and footer. The pack's checksums cover each byte of it. With this file a writer finds and deletes segments of the pack, and
 * a reader finds the ones to read, without the tier.
 */
public final class PackTableFile {

    /** What to do with a file that is damaged. */
    public static final String ADVICE = "open the log for writing with its tier, unless a process has it open; its next pass to the tier writes the file again";

    /** Bytes of a pack's header, with which its table's file begins. */
    public static final int HEADER_BYTES = PackHeaderLayout.BYTES;

    private PackTableFile() {}

    /**
     * Where the part of the pack that is in the file begins, behind the header.
     *
     * @param file with the table
     * @param tableBytes its size
     * @param packBytes of the pack
     * @throws CorruptSegmentException if the file can't have the table of a pack of that size
     */
    public static long begin(Path file, long tableBytes, long packBytes) {
        long begin = packBytes - (tableBytes - HEADER_BYTES);
        if (tableBytes < HEADER_BYTES + PackFooterLayout.BYTES || begin < HEADER_BYTES) {
            throw new CorruptSegmentException("file of a pack's table is too short or too long: bytes=" + tableBytes + ", pack=" + packBytes
                    + ", file=" + file + "; " + ADVICE, file, null, WalException.NO_POSITION, 0, tableBytes, null);
        }
        return begin;
    }

    /** Where a byte of the pack is in the file: a byte of the header, or one from {@code begin} on. */
    public static long offset(long packOffset, long begin) {
        return packOffset < HEADER_BYTES ? packOffset : HEADER_BYTES + packOffset - begin;
    }

    /** Whether the file is there, can be read, and verifies; reads all of it. */
    public static boolean isWhole(Path root, long number, long packBytes) throws IOException {
        Path table = PackFiles.table(root, number);
        try (LogFile file = LogFile.reading(table)) {
            long begin = begin(table, file.size(), packBytes);
            PackSource source = new PackElsewhere(new TableBytes(file, packBytes, begin), PackFiles.pack(root, number), begin);
            PackReader pack = PackReader.open(source, number, new BlockCache(0), new BlockCache(0));
            pack.checkHeader();
            PackWalk walk = pack.walk();
            while (walk.next()) {
                // reads and verifies
            }
            return true;
        } catch (NoSuchFileException | CorruptSegmentException | UnsupportedFormatException e) {
            return false;
        } catch (IOException e) {
            IoFailure.checkOfFile(e);
            return false;
        }
    }

    /** The part of a pack that is in the file, at the pack's offsets. */
    private record TableBytes(LogFile table, long size, long begin) implements SegmentBytes {

        @Override
        public int read(ByteBuffer target, long offset) throws IOException {
            return table.read(target, PackTableFile.offset(offset, begin));
        }
    }

    /** Writes the file, for a pack that is in the tier. When this returns, the file and its name are durable. */
    public static void write(PackReader pack, Path root) throws IOException {
        prepare(pack, root);
        name(root, pack.number());
    }

    /** Writes the file under a temporary name, for a pack that is anywhere. The file is durable, its name isn't. */
    public static void prepare(PackReader pack, Path root) throws IOException {
        long tableOffset = pack.footer().tableOffset();
        long end = pack.footer().fileLength();
        try (OpenBytes bytes = pack.source().open()) {
            Path temporary = PackFiles.temporaryTable(root, pack.number());
            Path unused = LogFile.writeNew(temporary, file -> {
                ByteBuffer chunk = ByteBuffer.allocate(LogFile.CHUNK_BYTES);
                // the one that was verified when the pack was opened
                long header = PackFooterLayout.header(pack.footer());
                bytes.copy(header, header + HEADER_BYTES, chunk, (offset, piece) -> file.write(offset - header, piece));
                bytes.copy(tableOffset, end, chunk, (offset, piece) -> file.write(HEADER_BYTES + offset - tableOffset, piece));
                return temporary;
            });
        }
    }

    /** Gives a prepared file its name, durably. */
    public static void name(Path root, long number) throws IOException {
        LogFile.rename(PackFiles.temporaryTable(root, number), PackFiles.table(root, number));
        DirectoryForce.force(PackFiles.directory(root));
    }
}
