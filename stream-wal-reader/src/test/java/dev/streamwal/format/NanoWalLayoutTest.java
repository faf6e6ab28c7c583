package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Nano-wal's bytes, at the edges of each rule. */
class NanoWalLayoutTest {

    /** Garbage stands before the record. */
    private static final int INDEX = 5;

    private static ByteBuffer record(String header, String content) {
        ByteBuffer out = Samples.littleEndian(new byte[INDEX + NanoWalLayout.PREFIX_BYTES + header.length() + content.length()]);
        out.position(INDEX);
        out.put(ascii("NANORC")).putShort((short) header.length()).putLong(content.length()).put(ascii(header)).put(ascii(content));
        return out;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static ByteBuffer file(String start, long expiration, String behind) {
        byte[] magic = ascii(start);
        byte[] rest = ascii(behind);
        return Samples.littleEndian(new byte[8 + 8 + 8]).put(0, magic).putLong(8, expiration).put(16, rest);
    }

    @Test
    void record_isRecognisedByItsSignature() {
        ByteBuffer record = record("h", "content");
        assertThat(NanoWalLayout.isRecord(record, INDEX)).isTrue();
        assertThat(NanoWalLayout.isRecord(record, INDEX - 1)).isFalse();
        record.put(INDEX + 5, (byte) 'D');
        assertThat(NanoWalLayout.isRecord(record, INDEX)).isFalse();
    }

    @Test
    void signatureBytes_areThoseThatStandInTheirPlace() {
        ByteBuffer record = record("", "");
        for (int count = 0; count <= NanoWalLayout.SIGNATURE_BYTES; count++) {
            assertThat(NanoWalLayout.signatureBytes(record, INDEX, count)).isEqualTo(count);
        }
        record.put(INDEX + 2, (byte) 'n');
        assertThat(NanoWalLayout.signatureBytes(record, INDEX, 6)).isEqualTo(5);
    }

    @Test
    void lengths_areReadWhereTheyStand() {
        ByteBuffer record = record("header", "content");
        assertThat(NanoWalLayout.headerLength(record, INDEX)).isEqualTo(6);
        assertThat(NanoWalLayout.contentLength(record, INDEX)).isEqualTo(7);
        record.putShort(INDEX + 6, (short) 0xFFFF).putLong(INDEX + 8, -1);
        assertThat(NanoWalLayout.headerLength(record, INDEX)).isEqualTo(65_535);
        assertThat(NanoWalLayout.contentLength(record, INDEX)).isEqualTo(-1);
    }

    @Test
    void lengthBehindTheHeader_isMovedBeforeIt() {
        ByteBuffer record = record("header", "content");
        ByteBuffer early = Samples.littleEndian(record.array().clone());
        early.put(INDEX + 8, ascii("header")).putLong(INDEX + 14, 7);
        assertThat(NanoWalLayout.contentLengthBehind(early, INDEX, 6)).isEqualTo(7);
        NanoWalLayout.putLengthInFront(early, INDEX, 6);
        assertThat(early.array()).isEqualTo(record.array());
    }

    @ParameterizedTest
    @CsvSource({"0, 0, 16, 16", "0, 0, 15, -1", "3, 4, 23, 23", "3, 4, 22, -1", "3, 4, 24, 23", "0, -1, 100, -1", "65535, 0, 65551, 65551", "5, 0, 20, -1",
            "0, 9223372036854775807, 100, -1"})
    void frame_isNoLongerThanTheFile(int header, long content, long available, long frame) {
        assertThat(NanoWalLayout.checkedFrameBytes(header, content, available)).isEqualTo(frame);
    }

    @Test
    void header_isBegunWhileItIsShorterThanAWholeOne() {
        ByteBuffer file = file("NANO-LOG", 5, "");
        for (int available = 0; available < 16; available++) {
            assertThat(NanoWalLayout.isHeaderBegun(file, available)).as("available=%d", available).isTrue();
        }
        assertThat(NanoWalLayout.isHeaderBegun(file, 16)).isFalse();
        file.put(7, (byte) 'g');
        assertThat(NanoWalLayout.isHeaderBegun(file, 7)).isTrue();
        assertThat(NanoWalLayout.isHeaderBegun(file, 8)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 23, 24})
    void header_ofAFile_saysWhenItExpires(int available) throws FormatException {
        assertThat(NanoWalLayout.decodeHeader(file("NANO-LOG", 1_772_366_400_000L, "NANORC"), available)).isEqualTo(1_772_366_400_000L);
    }

    @Test
    void header_thatIsNone_isRefused() {
        assertThatThrownBy(() -> NanoWalLayout.decodeHeader(file("NANO-LOG", 5, ""), 15)).hasMessageContaining("bytes=15");
        assertThatThrownBy(() -> NanoWalLayout.decodeHeader(file("NANO-LOg", 5, ""), 24)).hasMessageContaining("\"NANO-LOG\"");
    }

    @Test
    void header_ofASegment_isUnsupportedAsFarAsItIsThere() throws FormatException {
        ByteBuffer segment = file("NANO-LOG", 5, "STRMv2h");
        assertThatThrownBy(() -> NanoWalLayout.decodeHeader(segment, 24)).isInstanceOfSatisfying(FormatException.class,
                refused -> assertThat(refused.isUnsupported()).isTrue());
        assertThat(NanoWalLayout.decodeHeader(segment, 23)).isEqualTo(5);
    }

    @Test
    void name_isPrefixAndExpiration() {
        assertThat(NanoWalName.parse("a_b_17.seg")).contains(new NanoWalName("a_b", 17));
        assertThat(new NanoWalName("a_b", 17).fileName()).isEqualTo("a_b_17.seg");
        assertThat(NanoWalName.parse("a_0.seg")).contains(new NanoWalName("a", 0));
        assertThat(NanoWalName.parse("é_7.seg")).contains(new NanoWalName("é", 7));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "_17.seg", "a.seg", "a_.seg", "a_-1.seg", "a_+1.seg", "a_01.seg", "a_17.SEG", "a_17.seg ", "a_17", "a_x.seg",
            "a_99999999999999999999.seg", "a\uFFFD_17.seg", "\uFFFD_17.seg", "\uD800_17.seg", ".seg", "_.seg"})
    void name_thatIsAnothers_isNone(String name) {
        assertThat(NanoWalName.parse(name)).isEmpty();
    }

    @Test
    void name_ofAPrefixThatIsTooLongForAKey_isNone() {
        assertThat(NanoWalName.parse("a".repeat(StreamKey.MAX_BYTES) + "_1.seg")).isPresent();
        assertThat(NanoWalName.parse("a".repeat(StreamKey.MAX_BYTES + 1) + "_1.seg")).isEmpty();
    }

    @Test
    void names_areInOrderOfPrefixThenExpiration() {
        NanoWalName name = new NanoWalName("b", 5);
        assertThat(name).isEqualByComparingTo(new NanoWalName("b", 5));
        assertThat(name).isGreaterThan(new NanoWalName("b", 4)).isGreaterThan(new NanoWalName("a", 6));
        assertThat(name).isLessThan(new NanoWalName("b", 6)).isLessThan(new NanoWalName("c", 4));
    }

    @Test
    void position_isOrdinalAndEightTimesTheOffsetBehindTheHeader() {
        assertThat(NanoWalPosition.base(0)).isZero();
        assertThat(NanoWalPosition.base(3)).isEqualTo(3L << 40);
        assertThat(NanoWalPosition.of(3, 17)).isEqualTo((3L << 40) + 8);
        assertThat(NanoWalPosition.ordinal((3L << 40) + 8)).isEqualTo(3);
        assertThat(NanoWalPosition.offset((3L << 40) + 8)).isEqualTo(17);
        assertThat(NanoWalPosition.offset((3L << 40) + 9)).isEqualTo(-1);
        long last = NanoWalPosition.of(NanoWalPosition.MAX_ORDINAL, NanoWalPosition.MAX_FILE_BYTES);
        assertThat(last).isPositive();
        assertThat(NanoWalPosition.ordinal(last)).isEqualTo(NanoWalPosition.MAX_ORDINAL);
        assertThat(NanoWalPosition.offset(last)).isEqualTo(NanoWalPosition.MAX_FILE_BYTES);
    }

    @Test
    void size_isEightTimesTheFrameUpToTheGreatest() {
        assertThat(NanoWalPosition.size(16)).isEqualTo(128);
        assertThat(NanoWalPosition.frameBytes(128)).isEqualTo(16);
        int greatest = NanoWalPosition.MAX_SIZE;
        assertThat(NanoWalPosition.size(greatest / 8 - 1)).isEqualTo(greatest / 8 * 8 - 8);
        assertThat(NanoWalPosition.size(greatest)).isEqualTo(greatest);
        assertThat(NanoWalPosition.size(Long.MAX_VALUE / 8)).isEqualTo(greatest);
        assertThat(NanoWalPosition.frameBytes(greatest)).isEqualTo(-1);
    }
}
