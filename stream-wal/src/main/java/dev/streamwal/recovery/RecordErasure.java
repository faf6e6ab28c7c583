package dev.streamwal.recovery;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.PaddingLayout;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.RecordView;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.segment.SegmentScan;
import dev.streamwal.segment.TimeRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What erasing a range of time changes in a segment. A record in the range becomes padding of the same size, so all others keep their positions. If a
 * record of a batch is erased, the batch is dissolved: its batch record becomes padding, and its other members become records by themselves. Nothing
 * can take the members apart any more, because only sealed segments are changed. One use; one thread.
 */
public final class RecordErasure {

    /** Receives the frames that change, in order. */
    @FunctionalInterface
    public interface Target {

        /**
         * Takes the place of a frame of the same size.
         *
         * @param offset in the segment
         */
        void put(long offset, ByteBuffer frame) throws IOException;
    }

    /**
     * What was erased.
     *
     * @param records data records
     * @param bytes of their frames
     */
    public record Erased(long records, long bytes) {

        public static final Erased NOTHING = new Erased(0, 0);

        public Erased plus(Erased other) {
            return new Erased(records + other.records, bytes + other.bytes);
        }
    }

    /** A frame of a batch. */
    private record Slot(long offset, int bytes, int previousSize, boolean isErased) {}

    private final SegmentBytes bytes;
    private final SegmentHeader header;
    private final Path file;
    private final int dataEnd;
    private final TimeRange range;
    private final Target target;
    private final List<Slot> batch = new ArrayList<>();
    private long erasedRecords;
    private long erasedBytes;

    private RecordErasure(SegmentBytes bytes, SegmentHeader header, Path file, int dataEnd, TimeRange range, Target target) {
        this.bytes = bytes;
        this.header = header;
        this.file = file;
        this.dataEnd = dataEnd;
        this.range = range;
        this.target = target;
    }

    /**
     * Counts what would be erased; changes nothing.
     *
     * @param file that holds the segment, for exceptions
     * @param dataEnd offset where the records end
     * @throws CorruptSegmentException if a record doesn't verify
     */
    public static Erased count(SegmentBytes bytes, SegmentHeader header, Path file, int dataEnd, TimeRange range) throws IOException {
        return erase(bytes, header, file, dataEnd, range, (offset, frame) -> {});
    }

    /** Like {@link #count}, and passes the frames that change to a target, which must not change {@code bytes} behind the frame. */
    public static Erased erase(SegmentBytes bytes, SegmentHeader header, Path file, int dataEnd, TimeRange range, Target target)
            throws IOException {
        return new RecordErasure(bytes, header, file, dataEnd, range, target).run();
    }

    private Erased run() throws IOException {
        try (SegmentScan scan = new SegmentScan(bytes, header)) {
            scan.limit(dataEnd);
            while (scan.next()) {
                step(scan);
            }
            endBatch();
            if (scan.isTooNew()) {
                throw new UnsupportedFormatException("record has flags that this version does not know: file=" + file + ", stream=" + header.key()
                        + ", position=" + scan.position() + "; erase with the version that wrote it, or a newer one", file,
                        header.key().text(), scan.position(), null);
            }
            if (scan.nextOffset() != dataEnd) {
                throw new CorruptSegmentException("segment to erase records in is damaged: fault=" + scan.fault() + ", file=" + file + ", stream="
                        + header.key() + ", position=" + scan.position() + "; nothing was erased in this segment: repair or delete the stream",
                        file, header.key().text(), scan.position(), scan.offset(), dataEnd - scan.offset(), null);
            }
            return new Erased(erasedRecords, erasedBytes);
        }
    }

    private void step(SegmentScan scan) throws IOException {
        boolean isMember = RecordLayout.isMember(scan.flags());
        boolean isErased = scan.isShown() && range.contains(scan.timestampMillis());
        if (!isMember) {
            endBatch();
        }
        if (isErased) {
            erasedRecords++;
            erasedBytes += scan.frameBytes();
        }
        if (isMember || scan.flags() == RecordLayout.BATCH) {
            batch.add(new Slot(scan.offset(), scan.frameBytes(), scan.previousSize(), isErased));
        } else if (isErased) {
            target.put(scan.offset(), padding(scan.offset(), scan.frameBytes(), scan.previousSize()));
        }
    }

    private void endBatch() throws IOException {
        if (batch.stream().anyMatch(Slot::isErased)) {
            for (int i = 0; i < batch.size(); i++) {
                Slot slot = batch.get(i);
                boolean isPadding = i == 0 || slot.isErased();
                target.put(slot.offset(), isPadding ? padding(slot.offset(), slot.bytes(), slot.previousSize()) : alone(slot));
            }
        }
        batch.clear();
    }

    private ByteBuffer padding(long offset, int frameBytes, int previousSize) {
        ByteBuffer frame = ByteBuffer.allocate(frameBytes).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer prefix = PaddingLayout.encodePrefix(frameBytes, previousSize, header.salt(), header.positionAt(offset));
        frame.put(0, prefix, 0, RecordLayout.PREFIX_BYTES);
        return frame;
    }

    /** A member as a record by itself. */
    private ByteBuffer alone(Slot slot) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(slot.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.read(frame, slot.offset()) != slot.bytes()) {
            throw new IOException("file became shorter while records in it were erased: file=" + file + "; look at the disk");
        }
        frame.clear();
        frame.putInt(RecordLayout.FLAGS, frame.getInt(RecordLayout.FLAGS) & ~RecordLayout.MEMBER);
        RecordView view = new RecordView();
        RecordView.Verdict verdict = view.peek(frame, 0, slot.bytes(), header.positionAt(slot.offset()));
        if (verdict != RecordView.Verdict.VALID) {
            throw new IOException("record changed while others were erased: verdict=" + verdict + ", file=" + file + ", offset=" + slot.offset());
        }
        frame.putInt(RecordLayout.CHECKSUM, view.checksum(header.salt()));
        return frame;
    }
}
