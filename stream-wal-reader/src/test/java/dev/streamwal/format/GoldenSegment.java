package dev.streamwal.format;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * A small sealed segment, made by the layouts alone, and the same as a file that was written once. Two records with
 * headers, an atomic batch of two, of which the second is late, a slot that was given up, the footer.
 */
final class GoldenSegment {

    static final String FILE_NAME = "golden.seg";

    static final long HOUR = 3_600_000;
    /** 2026-01-01T00:00:00Z. */
    static final long WINDOW_START = 1_767_225_600_000L;
    static final long RETENTION = 7 * 24 * HOUR;
    static final int PADDING_BYTES = 48;
    static final byte[] NO_HEADER = {};

    static final int FIRST = 112;
    static final int SECOND = FIRST + 40;
    static final int BATCH = SECOND + 48;
    static final int MEMBER_1 = BATCH + BatchLayout.FRAME_BYTES;
    static final int MEMBER_2 = MEMBER_1 + 40;
    static final int PADDING = MEMBER_2 + 40;
    static final int DATA_END = PADDING + PADDING_BYTES;

    /**
     * The first of the stream after a restart of the machine: it begins at a new start, far behind its predecessor's
     * end.
     */
    static final SegmentHeader HEADER = new SegmentHeader(
            StreamKey.of("sensor/a"),
            Window.containing(WINDOW_START + 1_000, HOUR),
            WINDOW_START + HOUR + RETENTION,
            64L << 30,
            504,
            2,
            0x0123_4567_89AB_CDEFL,
            WINDOW_START + 1_005,
            1 << 20,
            PADDING,
            0);

    private GoldenSegment() {}

    static byte[] build() {
        ByteBuffer data = ByteBuffer.allocate(DATA_END);
        data.put(SegmentHeaderLayout.encode(HEADER));
        data.put(record(FIRST, "unit=C", "21", 0, 0, 1_000));
        data.put(record(SECOND, "unit=C", "21.75", 0, 40, 2_000));
        byte[] members = new byte[BatchLayout.CONTENT_BYTES];
        BatchLayout.encode(members, 2, 80);
        data.put(Samples.frame(NO_HEADER, members, RecordLayout.BATCH, 48, 0, HEADER.salt(), HEADER.positionAt(BATCH)));
        data.put(record(MEMBER_1, "", "22.125", RecordLayout.MEMBER, BatchLayout.FRAME_BYTES, 3_000));
        data.put(record(MEMBER_2, "", "22.25", RecordLayout.MEMBER, 40, 2_500));
        data.put(PaddingLayout.encodePrefix(PADDING_BYTES, 40, HEADER.salt(), HEADER.positionAt(PADDING)));

        SegmentIndex index = new SegmentIndex();
        index.add(FIRST, WINDOW_START + 1_000);
        index.add(SECOND, WINDOW_START + 2_000);
        index.add(MEMBER_1, WINDOW_START + 3_000);
        index.add(MEMBER_2, WINDOW_START + 2_500);
        ByteBuffer footer = FooterLayout.encode(HEADER, DATA_END, PADDING_BYTES, index);
        return ByteBuffer.allocate(DATA_END + footer.remaining()).put(data.array()).put(footer).array();
    }

    private static byte[] record(int offset, String header, String content, int flags, int previousSize,
            long afterStart) {
        return Samples.frame(header.getBytes(StandardCharsets.UTF_8), content.getBytes(StandardCharsets.UTF_8), flags,
                previousSize,
                WINDOW_START + afterStart, HEADER.salt(), HEADER.positionAt(offset));
    }

    static byte[] file() {
        try (InputStream in = Objects.requireNonNull(GoldenSegment.class.getResourceAsStream(FILE_NAME), FILE_NAME)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
