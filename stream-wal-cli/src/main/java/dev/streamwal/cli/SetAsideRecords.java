package dev.streamwal.cli;

import dev.streamwal.WriteEntry;
import dev.streamwal.encryption.LogKeys;
import dev.streamwal.format.BatchLayout;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.LeftOpen;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.recovery.QuarantinedFile;
import dev.streamwal.segment.ScanStop;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentScan;
import dev.streamwal.shared.Slot;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The valid records of a segment, or of a part of one that was set aside, each where it stood; holes and damage are skipped. A batch counts as a
 * whole or not at all. For one thread; close it.
 *
 * <p>A record's checksum includes the salt of its segment. A part doesn't have the salt: it is read with the header of the segment that it was cut
 * from.
 */
final class SetAsideRecords implements AutoCloseable {

    private static final int COMPARED_BYTES = 64 << 10;

    private final Closeable file;
    private final SegmentBytes bytes;
    private final long from;
    private final SegmentHeader header;
    private final SegmentScan scan;
    private final LogKeys keys;
    private long tooNew;

    private SetAsideRecords(Closeable file, SegmentBytes bytes, long from, SegmentHeader header, LogKeys keys) throws IOException {
        this.keys = keys;
        this.file = file;
        this.from = from;
        this.bytes = bytes;
        this.header = header;
        this.scan = new SegmentScan(bytes, header);
        restart();
    }

    /**
     * Records that are appended together: one record, or a batch.
     *
     * @param from offset in the segment
     * @param to offset in the segment
     * @param entries copies, decrypted
     * @param dataBytes of the frames of data
     * @param isSealed whether they were encrypted; either all records of a batch are, or none
     */
    record Group(long from, long to, List<WriteEntry> entries, long dataBytes, boolean isSealed) {}

    /** A part of a segment at its place: zeros precede it. */
    private record Part(SegmentBytes part, long from) implements SegmentBytes {

        @Override
        public int read(ByteBuffer target, long offset) throws IOException {
            int start = target.position();
            for (long at = offset; at < from && target.hasRemaining(); at++) {
                target.put((byte) 0);
            }
            long behind = offset + target.position() - start;
            return target.hasRemaining() ? target.position() - start + part.read(target, behind - from) : target.position() - start;
        }

        @Override
        public long size() throws IOException {
            return from + part.size();
        }
    }

    /** @param from offset in the segment of the file's first byte */
    static SetAsideRecords open(Path file, long from, SegmentHeader header, LogKeys keys) throws IOException {
        LogFile open = LogFile.reading(file);
        open.open();
        try {
            return new SetAsideRecords(open, new Part(open, from), from, header, keys);
        } catch (RuntimeException e) {
            LeftOpen.close(open, e);
            throw e;
        }
    }

    /** From a segment that is in the log; closes it. */
    static SetAsideRecords of(SegmentReader segment, LogKeys keys) throws IOException {
        return new SetAsideRecords(segment::close, segment, 0, segment.header(), keys);
    }

    /** From a whole segment that was set aside; empty if it has no readable header, or isn't the segment that its name says. */
    static Optional<SegmentHeader> readHeader(Path file, QuarantinedFile name) throws IOException {
        try (LogFile bytes = LogFile.reading(file)) {
            SegmentHeader header = SegmentBytes.readHeader(bytes);
            return Optional.of(header).filter(read -> SegmentName.parse(name.file()).equals(Optional.of(read.name()))
                    && name.isOf(read.key()));
        } catch (FormatException | NoSuchFileException e) {
            return Optional.empty();
        }
    }

    SegmentHeader header() {
        return header;
    }

    /** The number of valid records that only a later version understands. */
    long tooNew() {
        return tooNew;
    }

    /** The next {@link #next()} returns the first group. */
    void restart() {
        scan.seek(Math.max(from, header.headerLength()));
        tooNew = 0;
    }

    /** Null at the end. */
    @Nullable Group next() throws IOException {
        while (advance()) {
            if (scan.isShown()) {
                return new Group(scan.offset(), scan.nextOffset(), List.of(entry()), scan.frameBytes(), scan.isSealed());
            }
            if (scan.flags() == RecordLayout.BATCH) {
                return batch();
            }
        }
        return null;
    }

    /** Moves to the next valid record; false if there is none. */
    private boolean advance() throws IOException {
        while (!scan.next()) {
            if (scan.judge() == ScanStop.TOO_NEW) {
                tooNew++;
                scan.skip();
            } else if (scan.nextValid() < 0) {
                return false;
            } else {
                scan.seek(scan.nextValid());
            }
        }
        return true;
    }

    /** The scan returns a batch's record only if all of its members are valid. */
    private Group batch() throws IOException {
        long start = scan.offset();
        ByteBuf content = Unpooled.buffer(BatchLayout.CONTENT_BYTES);
        scan.copyContent(content);
        int members = content.getIntLE(BatchLayout.MEMBERS);
        content.release();
        List<WriteEntry> entries = new ArrayList<>(members);
        long dataBytes = 0;
        boolean isSealed = false;
        for (int i = 0; i < members; i++) {
            if (!scan.next()) {
                throw new IOException("batch no longer verifies: offset=" + scan.offset() + ", member=" + i);
            }
            entries.add(entry());
            isSealed = scan.isSealed();
            dataBytes += scan.frameBytes();
        }
        return new Group(start, scan.nextOffset(), entries, dataBytes, isSealed);
    }

    private WriteEntry entry() {
        byte[] body = scan.copyBody();
        int headerLength = scan.headerLength();
        if (scan.isSealed()) {
            body = header.key().equals(StreamKey.SHARED) ? openedShared(body, headerLength)
                    : keys.open(body, header.key().text(), scan.position(), scan.timestampMillis(), headerLength);
        }
        return new WriteEntry(ByteBuffer.wrap(body, 0, headerLength).slice(),
                ByteBuffer.wrap(body, headerLength, body.length - headerLength).slice(), scan.timestampMillis());
    }

    /** The slot as it is, behind it the record that it describes, which is encrypted for its place in its stream. */
    private byte[] openedShared(byte[] body, int slotLength) {
        try {
            Slot slot = new Slot().read(body, slotLength);
            byte[] plain = keys.open(Arrays.copyOfRange(body, slotLength, body.length), slot.key(), slot.position(), scan.timestampMillis(),
                    slot.headerLength());
            byte[] opened = Arrays.copyOf(body, slotLength + plain.length);
            System.arraycopy(plain, 0, opened, slotLength, plain.length);
            return opened;
        } catch (FormatException e) {
            // no writer writes this; who asks for the record finds that it has no slot
            return body;
        }
    }

    /** Whether the other file, of the same segment, has the same records at the same place. */
    boolean isAlsoIn(SetAsideRecords other, Group group) throws IOException {
        return header.salt() == other.header.salt() && group.from >= other.from && group.to <= other.bytes.size()
                && other.scan.verifies(group.from) && haveSameBytes(other, group.from, group.to);
    }

    private boolean haveSameBytes(SetAsideRecords other, long start, long end) throws IOException {
        ByteBuffer mine = ByteBuffer.allocate(COMPARED_BYTES);
        ByteBuffer others = ByteBuffer.allocate(COMPARED_BYTES);
        for (long at = start; at < end; at += COMPARED_BYTES) {
            int length = (int) Math.min(COMPARED_BYTES, end - at);
            int read = bytes.read(mine.clear().limit(length), at);
            if (read != length || other.bytes.read(others.clear().limit(length), at) != length
                    || !mine.flip().equals(others.flip())) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() throws IOException {
        scan.close();
        file.close();
    }
}
