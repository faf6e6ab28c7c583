package dev.streamwal.ratis.shard;

import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.OptionalLong;
import java.util.zip.CRC32C;

/**
 * What a kill, or a loss of power, has left of a Raft log, where Ratis wouldn't go on with that. To be mended where Ratis has locked the folder, and hasn't
 * opened the log.
 *
 * <p><b>A write that was cut short.</b> Ratis makes the file that it appends to in advance, of zeros. A process that is killed in a write has written some
 * pages of it, a machine that loses power any of its sectors: the entry there is as long as it says, has zeros within, and fails its checksum. Ratis takes
 * that for damage, and doesn't start. But what has a sector of zeros where an entry stands was never forced, so neither it nor anything behind it was
 * acknowledged, and it is cut off.
 *
 * <p><b>Damage</b> is an entry that fails its checksum without such a sector. It stays, for Ratis to refuse: it may have been acknowledged, and a replica that
 * forgets what it has acknowledged must not vote.
 *
 * <p><b>A truncation that was cut short.</b> Where entries differ from the leader's, Ratis deletes the files behind, from the last one on, shortens the file
 * that has the first of them, and renames it. Killed before the last step, it would read that file, and not find it by the right name when it is to be purged:
 * so files behind it would be purged before it, and leave a gap. The file gets its name.
 *
 * <p><b>A log that ends before the marker</b> is left where a peer's marker was installed, and the log wasn't deleted for it yet. Ratis would go on behind the
 * marker in the file that ends before it, and refuse each entry for the gap. Up to the marker all is committed, and the image has it, so the log is deleted.
 *
 * <p>A file of Ratis 3.3.0: {@code RaftLog1}, and for each entry its length as protocol buffers write it, its bytes, and the CRC32C of both. Behind the last
 * entry there are zeros.
 */
final class RaftLogRemains {

    private static final int HEADER_BYTES = 8;
    private static final int MAX_LENGTH_BYTES = 5;
    private static final int CHECKSUM_BYTES = Integer.BYTES;
    /** What a disk writes whole, or not at all. A page of the system's memory is some of them. */
    private static final int SECTOR_BYTES = 512;
    private static final int MAX_ENTRY_BYTES = 64 << 20;

    /** Instead of where an entry ends. */
    private static final long UNFORCED = -1;
    private static final long DAMAGED = -2;

    private enum Ending {
        WHOLE, UNFORCED, DAMAGED
    }

    /**
     * Over the entries of a file.
     *
     * @param entries how many are whole
     * @param end of the last one
     */
    private record Walk(long entries, long end, Ending ending) {}

    private final LogFile file;
    private final long size;

    private RaftLogRemains(LogFile file) throws IOException {
        this.file = file;
        this.size = file.size();
    }

    /**
     * Mends the end of a log, durably.
     *
     * @param folder with the files of the Raft log; it may not exist
     */
    static void mendEnd(Path folder) throws IOException {
        List<RaftLogFile> files = RaftLogFile.all(folder);
        if (files.isEmpty()) {
            return;
        }
        RaftLogFile last = files.get(files.size() - 1);
        if (last.isOpen()) { // one that is full is forced before it gets its other name
            cutFile(last.path());
        } else {
            renameIfShortened(last, folder);
        }
    }

    private static void cutFile(Path path) throws IOException {
        try (LogFile file = new LogFile(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            Walk walk = walk(file);
            if (walk.ending() == Ending.UNFORCED) {
                file.truncate(walk.end());
                file.force();
            }
        }
    }

    private static void renameIfShortened(RaftLogFile file, Path folder) throws IOException {
        OptionalLong last = lastWhole(file);
        if (last.isPresent() && last.getAsLong() >= file.first() && last.getAsLong() < file.last()) {
            Path unused = Files.move(file.path(), folder.resolve("log_" + file.first() + '-' + last.getAsLong()));
            DirectoryForce.force(folder);
        }
    }

    /**
     * Deletes a Raft log that ends before the marker. A damaged one stays, as it may have more than can be read.
     *
     * @param folder with the files of the Raft log, whose end was mended; it may not exist
     */
    static void deleteIfBefore(long marker, Path folder) throws IOException {
        List<RaftLogFile> files = RaftLogFile.all(folder);
        for (RaftLogFile each : files) {
            OptionalLong last = each.isOpen() ? lastWhole(each) : OptionalLong.of(each.last());
            if (last.isEmpty() || last.getAsLong() >= marker) {
                return;
            }
        }
        for (RaftLogFile each : files) { // from the first on, so that none is missing between others
            Files.delete(each.path());
        }
    }

    /** The index of the last entry of a file; empty where one isn't whole. */
    static OptionalLong lastWhole(RaftLogFile file) throws IOException {
        try (LogFile opened = LogFile.reading(file.path())) {
            Walk walk = walk(opened);
            return walk.ending() == Ending.WHOLE ? OptionalLong.of(file.first() + walk.entries() - 1) : OptionalLong.empty();
        }
    }

    private static Walk walk(LogFile file) throws IOException {
        return new RaftLogRemains(file).walk();
    }

    /** Walks over the entries, from the first one to where they end, one way or another. */
    private Walk walk() throws IOException {
        long at = HEADER_BYTES;
        for (long entries = 0;; entries++) {
            long end = endOf(at);
            if (end < 0) {
                return new Walk(entries, at, end == UNFORCED ? Ending.UNFORCED : Ending.DAMAGED);
            }
            if (end == at) {
                return new Walk(entries, at, Ending.WHOLE);
            }
            at = end;
        }
    }

    /** Where an entry ends; where it begins, if there is none; or what it is instead. */
    private long endOf(long at) throws IOException {
        if (at >= size) {
            return at;
        }
        ByteBuffer start = read(at, MAX_LENGTH_BYTES);
        int lengthBytes = lengthBytes(start);
        if (lengthBytes == 0) {
            return DAMAGED; // no length that was ever written
        }
        long length = length(start, lengthBytes);
        if (length == 0) {
            return isZero(at, size) ? at : isZero(at, nextSector(at)) ? UNFORCED : DAMAGED;
        }
        long end = at + lengthBytes + length + CHECKSUM_BYTES;
        if (length > MAX_ENTRY_BYTES) {
            return DAMAGED;
        }
        if (end > size) {
            return at; // Ratis knows of entries that the file's end cuts
        }
        return isWhole(read(at, (int) (end - at))) ? end : hasZeroSector(at, end) ? UNFORCED : DAMAGED;
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
        int unused = file.read(target, offset);
        if (target.hasRemaining()) {
            throw new IOException("file of the Raft log became shorter: file=" + file + ", offset=" + offset + ", bytes=" + bytes);
        }
        return target.flip();
    }
}
