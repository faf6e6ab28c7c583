package dev.streamwal.ratis.shard;

import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;
import java.util.zip.CRC32C;

/**
 * What a write that was cut short has left at the end of a Raft log. Ratis makes the file that it appends to in advance, of zeros. A process that is killed
 * in a write has written some pages of it, a machine that loses power any of its sectors: the entry there is as long as it says, has zeros within, and fails
 * its checksum. Ratis takes that for damage, and doesn't start. But what has a sector of zeros where an entry stands was never forced, so neither it nor
 * anything behind it was acknowledged, and it may be cut off.
 *
 * <p>An entry that fails its checksum without such a sector is damaged: that stays, for Ratis to refuse. It may have been acknowledged, and a replica that
 * forgets what it has acknowledged must not vote.
 *
 * <p>A file of Ratis 3.3.0: {@code RaftLog1}, and for each entry its length as protocol buffers write it, its bytes, and the CRC32C of both. Behind the last
 * entry there are zeros.
 */
final class RaftLogTail {

    /** Of the file that is appended to; one that is full is forced before it gets its other name. */
    private static final String OPEN_FILES = "log_inprogress_*";
    private static final int HEADER_BYTES = 8;
    private static final int MAX_LENGTH_BYTES = 5;
    private static final int CHECKSUM_BYTES = Integer.BYTES;
    /** What a disk writes whole, or not at all. A page of the system's memory is some of them. */
    private static final int SECTOR_BYTES = 512;
    private static final int MAX_ENTRY_BYTES = 64 << 20;

    private final LogFile file;
    private final long size;

    private RaftLogTail(LogFile file) throws IOException {
        this.file = file;
        this.size = file.size();
    }

    /**
     * Cuts off what was never forced, durably. To be called where Ratis has locked the folder, and hasn't opened the log.
     *
     * @param folder with the files of the Raft log; it may not exist
     */
    static void cut(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (DirectoryStream<Path> open = Files.newDirectoryStream(folder, OPEN_FILES)) {
            for (Path each : open) {
                cutFile(each);
            }
        }
    }

    private static void cutFile(Path path) throws IOException {
        try (LogFile file = new LogFile(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            OptionalLong unforced = new RaftLogTail(file).unforced();
            if (unforced.isPresent()) {
                file.truncate(unforced.getAsLong());
                file.force();
            }
        }
    }

    /** Where the first entry begins that was never forced; nothing where the log ends as it should, or is damaged. */
    private OptionalLong unforced() throws IOException {
        long at = HEADER_BYTES;
        while (at < size) {
            ByteBuffer start = read(at, MAX_LENGTH_BYTES);
            int lengthBytes = lengthBytes(start);
            if (lengthBytes == 0) {
                return OptionalLong.empty(); // no length that was ever written
            }
            long length = length(start, lengthBytes);
            if (length == 0) {
                return isZero(at, nextSector(at)) && !isZero(at, size) ? OptionalLong.of(at) : OptionalLong.empty();
            }
            long end = at + lengthBytes + length + CHECKSUM_BYTES;
            if (length > MAX_ENTRY_BYTES || end > size) {
                return OptionalLong.empty(); // Ratis knows of entries that the file's end cuts
            }
            if (!isWhole(read(at, (int) (end - at)))) {
                return hasZeroSector(at, end) ? OptionalLong.of(at) : OptionalLong.empty();
            }
            at = end;
        }
        return OptionalLong.empty();
    }

    private static int lengthBytes(ByteBuffer start) {
        for (int i = 0; i < start.limit(); i++) {
            if (start.get(i) >= 0) {
                return i + 1;
            }
        }
        return 0;
    }

    private static long length(ByteBuffer start, int bytes) {
        long length = 0;
        for (int i = 0; i < bytes; i++) {
            length |= (start.get(i) & 0x7FL) << (7 * i);
        }
        return length;
    }

    private static boolean isWhole(ByteBuffer entry) {
        CRC32C crc = new CRC32C();
        int checked = entry.limit() - CHECKSUM_BYTES;
        crc.update(entry.slice(0, checked));
        return entry.getInt(checked) == (int) crc.getValue();
    }

    private boolean hasZeroSector(long from, long to) throws IOException {
        for (long at = from; at < to; at = nextSector(at)) {
            if (isZero(at, Math.min(to, nextSector(at)))) {
                return true;
            }
        }
        return false;
    }

    private static long nextSector(long at) {
        return (at / SECTOR_BYTES + 1) * SECTOR_BYTES;
    }

    private boolean isZero(long from, long to) throws IOException {
        for (long at = from; at < Math.min(to, size); at += LogFile.CHUNK_BYTES) {
            ByteBuffer piece = read(at, (int) Math.min(LogFile.CHUNK_BYTES, Math.min(to, size) - at));
            while (piece.hasRemaining()) {
                if (piece.get() != 0) {
                    return false;
                }
            }
        }
        return true;
    }

    /** So many bytes, or what the file has of them. */
    private ByteBuffer read(long offset, int bytes) throws IOException {
        ByteBuffer target = ByteBuffer.allocate((int) Math.min(bytes, size - offset));
        while (target.hasRemaining()) {
            if (file.read(target, offset + target.position()) <= 0) {
                throw new IOException("file of the Raft log became shorter: file=" + file + ", offset=" + offset + ", bytes=" + bytes);
            }
        }
        return target.flip();
    }
}
