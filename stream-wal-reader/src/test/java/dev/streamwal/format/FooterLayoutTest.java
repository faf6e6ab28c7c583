package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.streamwal.format.RecordView.Verdict;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FooterLayoutTest {

    private final Random random = Seeds.random();
    private final RecordView view = new RecordView();

    @Test
    void decode_whatEncodeWrote_givesTheSameFooter() throws FormatException {
        for (int i = 0; i < 500; i++) {
            SegmentHeader header = Samples.header(random);
            SegmentIndex index = new SegmentIndex();
            int offset = header.headerLength();
            int size = 0;
            for (int records = random.nextInt(i % 10 == 0 ? 2_000 : 5); records > 0; records--) {
                size = 32 + 8 * random.nextInt(i % 10 == 0 ? 2_000 : 20);
                if (random.nextInt(5) != 0) {
                    index.add(offset, random.nextLong());
                }
                offset += size;
            }

            ByteBuffer bytes = FooterLayout.encode(header, offset, size, index);
            Footer footer = decodeAtEnd(header, offset, bytes);

            assertThat(offset + bytes.remaining())
                    .isEqualTo(FooterLayout.sealedLength(offset, header.headerLength(), index.blocks()))
                    .isGreaterThanOrEqualTo(FooterLayout.PAGE_BYTES);
            assertThat(footer.dataEnd()).isEqualTo(offset);
            assertThat(footer.lastRecordSize()).isEqualTo(size);
            assertSame(footer.index(), index);
        }
    }

    @Test
    void decode_anEmptySegment_saysThatThereIsNothing() throws FormatException {
        SegmentHeader header = Samples.header(random);

        Footer footer = decodeAtEnd(header, header.headerLength(),
                FooterLayout.encode(header, header.headerLength(), 0, new SegmentIndex()));

        assertThat(footer.lastRecordSize()).isZero();
        assertThat(footer.index().records()).isZero();
        assertThat(footer.index().blocks()).isZero();
        assertThat(footer.index().smallestTimestampMillis()).isEqualTo(SegmentIndex.NO_SMALLEST);
        assertThat(footer.index().largestTimestampMillis()).isEqualTo(SegmentIndex.NO_LARGEST);
    }

    @Test
    void decode_aFullSegmentOf64MiB_hasABlockEach64KiB() throws FormatException {
        SegmentHeader header = Samples.header(random);
        SegmentIndex index = new SegmentIndex();
        int offset = header.headerLength();
        for (; offset < 64 << 20; offset += 4_096) {
            index.add(offset, offset);
        }

        ByteBuffer bytes = FooterLayout.encode(header, offset, 4_096, index);

        assertThat(bytes.remaining()).isBetween(24 << 10, 28 << 10);
        assertSame(decodeAtEnd(header, offset, bytes).index(), index);
        assertThat(index.blocks()).isEqualTo(1_024);
    }

    @Test
    void decode_theFooterOfAPackedSegment_hasABlockEach16KiB() throws FormatException {
        SegmentHeader header = Samples.header(random);
        SegmentIndex index = new SegmentIndex(SegmentIndex.PACKED_BLOCK_BYTES);
        int offset = header.headerLength();
        for (; offset < 1 << 20; offset += 4_096) {
            index.add(offset, offset);
        }

        SegmentIndex decoded = decodeAtEnd(header, offset, FooterLayout.encode(header, offset, 4_096, index)).index();

        assertSame(decoded, index);
        assertThat(decoded.blockBytes()).isEqualTo(SegmentIndex.PACKED_BLOCK_BYTES);
        assertThat(decoded.blocks()).isEqualTo(64);
    }

    @Test
    void decode_anyByteChanged_isRefused() {
        SegmentHeader header = Samples.header(random, StreamKey.of("sensor/a"));
        int dataEnd = 3_800;
        SegmentIndex index = new SegmentIndex();
        index.add(header.headerLength(), 1);
        byte[] whole = FooterLayout.encode(header, dataEnd, 64, index).array();
        for (int at = 0; at < whole.length; at++) {
            for (int flip = 1; flip < 256; flip++) {
                byte[] bytes = whole.clone();
                bytes[at] ^= (byte) flip;
                int start = FooterLayout.startOffset(header, dataEnd + bytes.length,
                        Samples.littleEndian(bytes).getLong(bytes.length - 8));
                if (start >= dataEnd) {
                    int cut = start - dataEnd;
                    assertThat(view.check(Samples.littleEndian(bytes), cut, bytes.length - cut,
                            header.positionAt(start), header.salt()))
                            .as("byte %d ^ 0x%x", at, flip).isNotEqualTo(Verdict.VALID);
                }
                assertThat(check(header, dataEnd, bytes)).isNotIn(Verdict.VALID, Verdict.EMPTY);
            }
        }
    }

    @Test
    void decode_theFooterOfAnotherSegment_isRefused() {
        SegmentHeader header = Samples.header(random, StreamKey.of("sensor/a"));
        SegmentHeader other = new SegmentHeader(StreamKey.of("sensor/b"), header.window(), header.expirationMillis(),
                header.basePosition(),
                header.previousEnd(), header.incarnation(), header.salt(), header.createdMillis(), header.capacity(),
                header.mark(),
                header.featureFlags());
        refused(header, FooterLayout.encode(other, 4_096, 64, new SegmentIndex()).array(),
                "copy of the segment header differs");
    }

    @Test
    void decode_absurdFactsWithARightChecksum_areRefused() {
        SegmentHeader header = Samples.header(random, StreamKey.of("sensor/a"));
        int content = RecordLayout.PREFIX_BYTES;
        int facts = content + header.headerLength();
        absurd(header, bytes -> bytes.putInt(facts + 28, -1), "index doesn't fit");
        absurd(header, bytes -> bytes.putInt(facts + 28, Integer.MAX_VALUE), "index doesn't fit");
        absurd(header, bytes -> bytes.putInt(facts + 28, 3), "index doesn't fit");
        for (int blockBytes : new int[] {0, -1, 1_000, 2_048, 12 << 10, Integer.MIN_VALUE}) {
            absurd(header, bytes -> bytes.putInt(facts + 24, blockBytes), "index doesn't fit");
        }
        absurd(header, bytes -> bytes.putLong(facts, 1), "records=1");
        absurd(header, bytes -> bytes.putInt(facts + 32, 8), "block=0, offset=8");
        absurd(header, bytes -> bytes.putInt(facts + 32, 65_535), "block=0, offset=65535");
        absurd(header, bytes -> bytes.putInt(facts + 56, 65_528), "block=1, offset=65528");
        absurd(header, bytes -> bytes.putInt(facts + 56, 80_000), "block=1, offset=80000");
        absurd(header, bytes -> bytes.putInt(facts + 56, -8), "block=1, offset=-8");
        absurd(header, bytes -> bytes.putLong(bytes.limit() - 8, 96), "doesn't end with its own size");
        absurd(header, bytes -> bytes.putInt(RecordLayout.PREVIOUS_SIZE, 0), "previousSize=0");
        absurd(header, bytes -> bytes.putInt(RecordLayout.PREVIOUS_SIZE, 80_000), "previousSize=80000");
        absurd(header, bytes -> bytes.putInt(RecordLayout.FLAGS, RecordLayout.PADDING), "flags=0x1000001");
        absurd(header, bytes -> bytes.put(content, (byte) 'X'), "NANO-LOG");
    }

    @Test
    void decode_aFrameTooShortForItsFacts_isRefused() {
        SegmentHeader header = Samples.header(random, StreamKey.of("sensor/a"));
        for (int length = 0; length < header.headerLength() + 40; length += 8) {
            byte[] content = new byte[length];
            if (length >= 8) {
                Samples.littleEndian(content).putLong(length - 8, 32 + length);
            }
            refused(header, Samples.frame(new byte[0], content, RecordLayout.FOOTER, 64, 0, header.salt(),
                    header.positionAt(4_096)),
                    "too short for the segment's header");
        }
    }

    @Test
    void startOffset_whatCannotBe_isMinusOne() {
        SegmentHeader header = Samples.header(random, StreamKey.of("sensor/a"));
        int smallest = 32 + header.headerLength() + 32 + 8;
        assertThat(FooterLayout.startOffset(header, 8_192, smallest)).isEqualTo(8_192 - smallest);
        assertThat(FooterLayout.startOffset(header, 8_192, 8_192 - header.headerLength()))
                .isEqualTo(header.headerLength());
        assertThat(FooterLayout.startOffset(header, 8_192, 8_192 - header.headerLength() + 8)).isEqualTo(-1);
        for (long last : new long[] {0, -8, 8, smallest - 8, smallest + 4, 8_192, Long.MAX_VALUE, Long.MIN_VALUE,
                Long.MAX_VALUE - 7}) {
            assertThat(FooterLayout.startOffset(header, 8_192, last)).as("%d", last).isEqualTo(-1);
        }
        for (long fileLength : new long[] {0, -1, 8, 4_088, 8_191, 1L << 31, 1L << 32, Long.MAX_VALUE}) {
            assertThat(FooterLayout.startOffset(header, fileLength, smallest)).as("%d", fileLength).isEqualTo(-1);
        }
    }

    @Test
    void sealedLength_pastTwoGiB_isRefusedAndDoesNotWrap() {
        assertThat(FooterLayout.sealedLength(Integer.MAX_VALUE - 1_023, 104, 0)).isPositive();
        assertThatThrownBy(() -> FooterLayout.sealedLength(Integer.MAX_VALUE - 7, 104, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> FooterLayout.sealedLength(4_096, 104, Integer.MAX_VALUE))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private interface Change {
        void to(ByteBuffer footer);
    }

    private void absurd(SegmentHeader header, Change change, String fault) {
        SegmentIndex index = new SegmentIndex();
        index.add(header.headerLength(), 1);
        index.add(70_000, 2);
        ByteBuffer bytes = FooterLayout.encode(header, 80_000, 64, index);
        change.to(bytes);
        int flags = bytes.getInt(RecordLayout.FLAGS);
        int previousSize = bytes.getInt(RecordLayout.PREVIOUS_SIZE);
        FooterLayout.encodeFrame(bytes, bytes.limit() - 32, flags, previousSize, header.salt(),
                header.positionAt(80_000));
        refused(header, 80_000, bytes.array(), fault);
    }

    private void refused(SegmentHeader header, byte[] bytes, String fault) {
        refused(header, 4_096, bytes, fault);
    }

    private void refused(SegmentHeader header, int dataEnd, byte[] bytes, String fault) {
        assertThat(check(header, dataEnd, bytes)).isEqualTo(Verdict.VALID);
        FormatException refusal = catchThrowableOfType(
                FormatException.class, () -> FooterLayout.decode(view, Samples.littleEndian(bytes), dataEnd, header));
        assertThat(refusal).hasMessageContaining(fault);
    }

    private Verdict check(SegmentHeader header, int dataEnd, byte[] bytes) {
        return view.check(Samples.littleEndian(bytes), 0, bytes.length, header.positionAt(dataEnd), header.salt());
    }

    private Footer decodeAtEnd(SegmentHeader header, int dataEnd, ByteBuffer bytes) throws FormatException {
        int length = bytes.remaining();
        int index = random.nextInt(9);
        ByteBuffer placed = Samples.placed(random, bytes.array(), index);
        int start = FooterLayout.startOffset(header, dataEnd + length, placed.getLong(index + length - 8));
        assertThat(start).isEqualTo(dataEnd);
        assertThat(view.check(placed, index, length, header.positionAt(start), header.salt())).isEqualTo(Verdict.VALID);
        assertThat(view.frameBytes()).isEqualTo(length);
        return FooterLayout.decode(view, placed, start, header);
    }

    private static void assertSame(SegmentIndex actual, SegmentIndex expected) {
        assertThat(actual.records()).isEqualTo(expected.records());
        assertThat(actual.smallestTimestampMillis()).isEqualTo(expected.smallestTimestampMillis());
        assertThat(actual.largestTimestampMillis()).isEqualTo(expected.largestTimestampMillis());
        assertThat(actual.blocks()).isEqualTo(expected.blocks());
        for (int block = 0; block < expected.blocks(); block++) {
            assertThat(actual.firstOffset(block)).isEqualTo(expected.firstOffset(block));
            assertThat(actual.smallestTimestampMillis(block)).isEqualTo(expected.smallestTimestampMillis(block));
            assertThat(actual.largestTimestampMillis(block)).isEqualTo(expected.largestTimestampMillis(block));
        }
    }
}
