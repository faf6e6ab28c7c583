package dev.streamwal.segment;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordChecksum;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.samples.JournalSamples;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * What must hold of a segment of any bytes. The first byte says how the others are taken; where checksums are put right first, a fuzzer
 * gets behind them.
 */
public final class SegmentFuzzing {

    static final SegmentHeader HEADER = JournalSamples.header("fuzz", 4_096, 7);

    private SegmentFuzzing() {}

    /**
     * @return how many encrypted records were opened
     * @throws AssertionError where something doesn't hold
     */
    public static int scan(byte[] data) throws IOException {
        if (data.length == 0) {
            return 0;
        }
        byte[] bytes = Arrays.copyOfRange(data, 1, data.length);
        return switch (data[0] % 3) {
            case 0 -> scanAny(bytes);
            case 1 -> scan(behindHeader(bytes), HEADER);
            default -> {
                byte[] file = behindHeader(bytes);
                repair(file, HEADER.headerLength(), file.length, HEADER.positionAt(HEADER.headerLength()), HEADER.salt());
                yield scan(file, HEADER);
            }
        };
    }

    private static int scanAny(byte[] file) throws IOException {
        try {
            SegmentHeader header = SegmentHeaderLayout.decode(ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN), file.length);
            return scan(file, header);
        } catch (FormatException e) {
            // no header
            return 0;
        }
    }

    private static int scan(byte[] file, SegmentHeader header) throws IOException {
        SegmentBytes bytes = bytes(file);
        long end = SegmentEnd.read(bytes, header).offset();
        require(end >= header.headerLength() && end <= file.length, "a footer is in its file");
        return scan(bytes, header, end);
    }

    /**
     * Records up to an offset at most.
     *
     * @return how many encrypted ones were opened
     */
    public static int scan(SegmentBytes bytes, SegmentHeader header, long end) throws IOException {
        try (SegmentScan scan = new SegmentScan(bytes, header, ReadSizes.large(4_096))) {
            scan.limit(end);
            int opened = forwards(scan, end);
            long stopped = scan.offset();
            scan.seek(stopped);
            require(!scan.next() && scan.offset() == stopped, "a scan stops there again");
            ScanStop stop = scan.judge();
            long next = scan.nextValid();
            require(next < 0 || (next > stopped && next < end), "the next record stands behind the damage");
            require(next < 0 || stop == ScanStop.CORRUPT || stop == ScanStop.HOLE, "only damage and holes have a record behind them");
            if (next >= 0) {
                scan.seek(next);
                require(scan.next() || scan.isSkippable(), "what a search finds is a record");
            }
            backwards(scan, stopped);
            return opened;
        }
    }

    private static int forwards(SegmentScan scan, long end) throws IOException {
        int opened = 0;
        long behind = scan.header().headerLength();
        while (scan.next()) {
            require(scan.offset() == behind && scan.frameBytes() >= RecordLayout.PREFIX_BYTES, "records follow each other");
            behind += scan.frameBytes();
            require(behind <= end, "records end in their file");
            int length = scan.headerLength() + scan.contentLength();
            require(length <= scan.frameBytes() - RecordLayout.PREFIX_BYTES, "a record's content is in its frame");
            require(scan.copyBody().length == length, "a record has the content that it says");
            opened += scan.isSealed() && SealedFuzzing.opens(scan) ? 1 : 0;
        }
        return opened;
    }

    private static void backwards(SegmentScan scan, long from) throws IOException {
        scan.seek(scan.header().headerLength());
        int size = 0;
        while (scan.next() && scan.offset() + scan.frameBytes() <= from) {
            size = scan.frameBytes();
        }
        scan.seekBehind(from, size);
        for (long before = from; scan.previous(); before = scan.offset()) {
            require(scan.offset() < before && scan.offset() >= scan.header().headerLength(), "backwards is backwards");
        }
    }

    private static byte[] behindHeader(byte[] records) {
        ByteBuffer header = SegmentHeaderLayout.encode(HEADER);
        byte[] file = new byte[header.remaining() + records.length];
        header.get(file, 0, header.remaining());
        System.arraycopy(records, 0, file, HEADER.headerLength(), records.length);
        return file;
    }

    /** Puts the checksums of records right, of which the first one has this position. */
    public static void repair(byte[] file, int from, int to, long position, long salt) {
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        RecordChecksum checksum = new RecordChecksum();
        for (int at = from; to - at >= RecordLayout.PREFIX_BYTES; ) {
            long commitWord = bytes.getLong(at + RecordLayout.COMMIT_WORD);
            int contentLength = bytes.getInt(at + RecordLayout.CONTENT_LENGTH);
            int flags = bytes.getInt(at + RecordLayout.FLAGS);
            int frame = RecordLayout.isCommitWord(commitWord)
                    ? RecordLayout.checkedFrameBytes(commitWord, contentLength, flags, to - at) : -1;
            if (frame < 0) {
                at += RecordLayout.ALIGNMENT;
                continue;
            }
            checksum.reset();
            checksum.update(file, at + RecordLayout.PREFIX_BYTES, RecordLayout.headerLength(commitWord) + contentLength);
            bytes.putInt(at + RecordLayout.CHECKSUM, checksum.finish(salt, position + at - from, commitWord, contentLength, flags,
                    bytes.getInt(at + RecordLayout.PREVIOUS_SIZE), bytes.getLong(at + RecordLayout.TIMESTAMP)));
            at += frame;
        }
    }

    static SegmentBytes bytes(byte[] file) {
        return new SegmentBytes() {
            @Override
            public int read(ByteBuffer target, long offset) {
                int length = (int) Math.max(0, Math.min(target.remaining(), file.length - offset));
                target.put(file, (int) Math.min(offset, file.length), length);
                return length;
            }

            @Override
            public long size() {
                return file.length;
            }
        };
    }

    private static void require(boolean fact, String rule) {
        if (!fact) {
            throw new AssertionError(rule);
        }
    }
}
