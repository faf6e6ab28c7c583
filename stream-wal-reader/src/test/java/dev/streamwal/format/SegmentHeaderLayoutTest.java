package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class SegmentHeaderLayoutTest {

    private final Random random = Seeds.random();

    @Test
    void decode_whatEncodeWrote_givesTheSameHeader() throws FormatException {
        for (int i = 0; i < 5_000; i++) {
            SegmentHeader header = Samples.header(random);

            ByteBuffer bytes = SegmentHeaderLayout.encode(header);

            assertThat(bytes.remaining()).isEqualTo(header.headerLength())
                    .isBetween(SegmentHeaderLayout.MIN_BYTES, SegmentHeaderLayout.MAX_BYTES);
            assertThat(SegmentHeaderLayout.decode(bytes, bytes.remaining())).isEqualTo(header);
        }
    }

    @Test
    void encode_always_beginsWithNanoWalsHeaderAndAligns() {
        SegmentHeader header = Samples.header(random);

        ByteBuffer bytes = SegmentHeaderLayout.encode(header);

        assertThat(text(bytes, 0, 8)).isEqualTo("NANO-LOG");
        assertThat(bytes.getLong(8)).isEqualTo(header.expirationMillis());
        assertThat(text(bytes, 16, 6)).isEqualTo("STRMv2");
        assertThat(bytes.remaining() % 8).isZero();
    }

    @Test
    void decode_anyByteChanged_isRefusedButForTheMark() throws FormatException {
        SegmentHeader header = Samples.header(random, StreamKey.of("sensor/a"));
        byte[] whole = SegmentHeaderLayout.encode(header).array();
        for (int at = 0; at < whole.length; at++) {
            for (int flip = 1; flip < 256; flip++) {
                byte[] bytes = whole.clone();
                bytes[at] ^= (byte) flip;
                if (at >= SegmentHeaderLayout.MARK && at < SegmentHeaderLayout.MARK + Integer.BYTES) {
                    SegmentHeader decoded = decode(bytes);
                    assertThat(decoded.mark()).isNotEqualTo(header.mark());
                    assertThat(withMark(decoded, header.mark())).isEqualTo(header);
                } else {
                    assertThatThrownBy(() -> decode(bytes)).as("byte %d ^ 0x%x", at, flip)
                            .isInstanceOf(FormatException.class);
                }
            }
        }
    }

    @Test
    void decode_cutAnywhere_isRefusedAndNothingBehindTheEndIsRead() {
        byte[] whole = SegmentHeaderLayout.encode(Samples.header(random)).array();
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThat(refusal(cut).isUnsupported()).as("length %d", length).isFalse();
        }
    }

    @Test
    void decode_garbage_isRefused() {
        for (int i = 0; i < 5_000; i++) {
            byte[] bytes = Samples.bytes(random, random.nextInt(2 * SegmentHeaderLayout.MAX_BYTES));
            byte[] magic = SegmentHeaderLayout.encode(Samples.header(random)).array();
            System.arraycopy(magic, 0, bytes, 0, Math.min(bytes.length, random.nextInt(24)));
            assertThat(refusal(bytes)).hasMessageContaining("=");
        }
    }

    @Test
    void decode_aNanoWalFile_isUnsupported() {
        ByteBuffer bytes = Samples.littleEndian(new byte[64]);
        bytes.put(0, "NANO-LOG".getBytes(StandardCharsets.US_ASCII)).putLong(16, RecordLayout.commitWord(3));

        assertThat(refusal(bytes.array())).hasMessageContaining("nano-wal 1.0").matches(FormatException::isUnsupported);
    }

    @Test
    void decode_anotherVersion_isUnsupported() {
        byte[] bytes = SegmentHeaderLayout.encode(Samples.header(random)).array();
        bytes[SegmentHeaderLayout.EXTENSION_MAGIC + 5] = '3';

        assertThat(refusal(bytes)).hasMessageContaining("version=0x33").matches(FormatException::isUnsupported);
    }

    @Test
    void decode_featureFirst_isTheBitOfTheDocumentAndMayBeIgnored() throws FormatException {
        ByteBuffer bytes = SegmentHeaderLayout.encode(Samples.header(random, StreamKey.of("k")));
        int length = bytes.limit();
        bytes.putInt(SegmentHeaderLayout.FEATURE_FLAGS, 0x0001_0000);
        rechecksum(bytes, length);
        assertThat(SegmentHeaderLayout.decode(bytes, length).isFirst()).isTrue();
        bytes.putInt(SegmentHeaderLayout.FEATURE_FLAGS, 0xFFFE_0000);
        rechecksum(bytes, length);
        assertThat(SegmentHeaderLayout.decode(bytes, length).isFirst()).isFalse();
    }

    @Test
    void decode_unknownRequiredFeature_isUnsupportedWhateverTheLayout() {
        ByteBuffer bytes = Samples.littleEndian(new byte[256]);
        bytes.put(0, SegmentHeaderLayout.encode(Samples.header(random, StreamKey.of("k"))).array());
        bytes.putShort(SegmentHeaderLayout.HEADER_LENGTH, (short) 200).putShort(SegmentHeaderLayout.KEY_LENGTH,
                (short) 9_999);
        bytes.putInt(SegmentHeaderLayout.FEATURE_FLAGS, 1);
        rechecksum(bytes, 200);

        assertThat(refusal(bytes.array())).hasMessageContaining("featureFlags=0x1")
                .matches(FormatException::isUnsupported);
    }

    @Test
    void decode_absurdFieldsWithARightChecksum_areRefused() {
        int length = SegmentHeaderLayout.headerLength(8);
        absurd(bytes -> bytes.putShort(SegmentHeaderLayout.KEY_LENGTH, (short) 0), "length of the key is outside 1 to 1,024 bytes");
        absurd(bytes -> bytes.putShort(SegmentHeaderLayout.KEY_LENGTH, (short) -1), "actual=65535");
        absurd(bytes -> bytes.putShort(SegmentHeaderLayout.KEY_LENGTH, (short) 20), "header length doesn't fit");
        absurd(bytes -> bytes.put(SegmentHeaderLayout.KEY, (byte) 0xFF), "valid UTF-8");
        absurd(bytes -> bytes.putLong(SegmentHeaderLayout.WINDOW_END, bytes.getLong(SegmentHeaderLayout.WINDOW_START)),
                "window doesn't end after its start");
        absurd(bytes -> bytes.putLong(SegmentHeaderLayout.BASE_POSITION, -8), "base position is negative");
        absurd(bytes -> bytes.putLong(SegmentHeaderLayout.BASE_POSITION, Long.MAX_VALUE), "63 bits");
        absurd(bytes -> bytes.putLong(SegmentHeaderLayout.PREVIOUS_END, -1), "predecessor's end is");
        absurd(bytes -> bytes.putLong(SegmentHeaderLayout.PREVIOUS_END,
                bytes.getLong(SegmentHeaderLayout.BASE_POSITION) + 8),
                "predecessor's end is");
        absurd(bytes -> bytes.putLong(SegmentHeaderLayout.EXPIRATION, -1), "expiration");
        absurd(bytes -> bytes.putInt(SegmentHeaderLayout.CAPACITY, length - 8), "capacity is smaller than the header");
        absurd(bytes -> bytes.putInt(SegmentHeaderLayout.CAPACITY, -1), "capacity is smaller than the header");
    }

    @Test
    void decode_lengthThatCannotBe_isRefusedBeforeItIsUsed() {
        for (int length : new int[] {0, 1, 8, 97, 100, 101, 103, 105, 65_528, 65_535}) {
            ByteBuffer bytes = SegmentHeaderLayout.encode(Samples.header(random, StreamKey.of("sensor/a")));
            bytes.putShort(SegmentHeaderLayout.HEADER_LENGTH, (short) length);
            assertThat(refusal(bytes.array())).hasMessageContaining(String.valueOf(length));
        }
    }

    @Test
    void header_whatDecodeWouldRefuse_isRefusedWhenItIsMade() {
        StreamKey key = StreamKey.of("k");
        Window window = new Window(0, 1);
        assertThatThrownBy(() -> new SegmentHeader(key, window, -1, 0, 0, 0, 0, 0, 4_096, 0, 0))
                .hasMessageContaining("expiration=-1");
        assertThatThrownBy(() -> new SegmentHeader(key, window, 0, -8, 0, 0, 0, 0, 4_096, 0, 0))
                .hasMessageContaining("basePosition=-8");
        assertThatThrownBy(() -> new SegmentHeader(key, window, 0, 8, 16, 0, 0, 0, 4_096, 0, 0))
                .hasMessageContaining("previousEnd=16");
        assertThatThrownBy(() -> new SegmentHeader(key, window, 0, 8, 8, 0, 0, 0, 96, 0, 0))
                .hasMessageContaining("capacity=96");
        assertThatThrownBy(() -> new SegmentHeader(key, window, 0, Long.MAX_VALUE - 8, 0, 0, 0, 0, 4_096, 0, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void header_withTheLeastAndTheGreatestValues_isDecoded() throws FormatException {
        for (StreamKey key : List.of(StreamKey.of("k"), StreamKey.of("k".repeat(StreamKey.MAX_BYTES)))) {
            int least = SegmentHeaderLayout.headerLength(key.utf8Length());
            long greatest = Long.MAX_VALUE - least;
            for (SegmentHeader header : List.of(new SegmentHeader(key, new Window(0, 1), 0, 0, 0, 0, 0, 0, least, 0, 0),
                    new SegmentHeader(key, new Window(0, 1), Long.MAX_VALUE, greatest, greatest, 0, 0, 0, least, 0, 0))) {
                assertThat(decode(SegmentHeaderLayout.encode(header).array())).isEqualTo(header);
            }
        }
    }

    @Test
    void with_setsAndClearsTheCutAndTheMarkAlone() {
        SegmentHeader header = new SegmentHeader(StreamKey.of("k"), new Window(0, 1), 0, 0, 0, 0, 0, 0, 4_096, 7, SegmentHeaderLayout.FIRST);
        assertThat(header.isCut()).isFalse();
        SegmentHeader cut = header.with(true, 8);
        assertThat(cut.isCut()).isTrue();
        assertThat(cut.isFirst()).isTrue();
        assertThat(cut.mark()).isEqualTo(8);
        assertThat(cut.with(true, 7).isCut()).isTrue();
        assertThat(cut.with(false, 7)).isEqualTo(header);
    }

    @Test
    void isExtension_isThatOfAnyVersion() {
        assertThat(SegmentHeaderLayout.isExtension(extension("STRMv2"))).isTrue();
        assertThat(SegmentHeaderLayout.isExtension(extension("STRMv3"))).isTrue();
        assertThat(SegmentHeaderLayout.isExtension(extension("STRMw2"))).isFalse();
    }

    private static long extension(String text) {
        return Samples.littleEndian(Arrays.copyOf(text.getBytes(StandardCharsets.US_ASCII), Long.BYTES)).getLong(0);
    }

    @Test
    void decode_shorterThanItsMagics_saysWhatIsMissing() {
        byte[] whole = SegmentHeaderLayout.encode(Samples.header(random)).array();
        assertThat(refusal(Arrays.copyOf(whole, 15))).hasMessageContaining("bytes=15");
        assertThat(refusal(Arrays.copyOf(whole, 16))).hasMessageContaining("STRMv2");
        assertThat(refusal(Arrays.copyOf(whole, 24))).hasMessageContaining("bytes=24, needed=");
        assertThat(refusal(Arrays.copyOf(whole, SegmentHeaderLayout.FIXED_BYTES))).hasMessageContaining("shorter than its header of");
    }

    @Test
    void positionAt_offsetOf_areEachOthersInverse() {
        SegmentHeader header = Samples.header(random);
        assertThat(header.positionAt(header.headerLength())).isEqualTo(header.basePosition());
        for (int i = 0; i < 100; i++) {
            long offset = random.nextInt(Integer.MAX_VALUE);
            assertThat(header.offsetOf(header.positionAt(offset))).isEqualTo(offset);
        }
    }

    private interface Change {
        void to(ByteBuffer header);
    }

    private void absurd(Change change, String fault) {
        ByteBuffer bytes = SegmentHeaderLayout.encode(Samples.header(random, StreamKey.of("sensor/a")));
        change.to(bytes);
        rechecksum(bytes, bytes.remaining());
        assertThat(refusal(bytes.array())).hasMessageContaining(fault).matches(e -> !e.isUnsupported());
    }

    private static void rechecksum(ByteBuffer header, int length) {
        int mark = header.getInt(SegmentHeaderLayout.MARK);
        header.putInt(SegmentHeaderLayout.MARK, 0).putInt(SegmentHeaderLayout.HEADER_CHECKSUM, 0);
        CRC32C crc = new CRC32C();
        crc.update(header.array(), 0, length);
        header.putInt(SegmentHeaderLayout.MARK, mark).putInt(SegmentHeaderLayout.HEADER_CHECKSUM, (int) crc.getValue());
    }

    private static SegmentHeader decode(byte[] bytes) throws FormatException {
        return SegmentHeaderLayout.decode(Samples.littleEndian(bytes), bytes.length);
    }

    private static FormatException refusal(byte[] bytes) {
        return catchThrowableOfType(FormatException.class, () -> decode(bytes));
    }

    private static SegmentHeader withMark(SegmentHeader header, int mark) {
        return new SegmentHeader(header.key(), header.window(), header.expirationMillis(), header.basePosition(),
                header.previousEnd(),
                header.incarnation(), header.salt(), header.createdMillis(), header.capacity(), mark,
                header.featureFlags());
    }

    private static String text(ByteBuffer bytes, int index, int length) {
        return new String(bytes.array(), index, length, StandardCharsets.US_ASCII);
    }
}
