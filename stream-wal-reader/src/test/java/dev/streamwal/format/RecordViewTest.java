package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.RecordView.Verdict;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RecordViewTest {

    private static final long SALT = 0x5A17_0000_1234_5678L;
    private static final long POSITION = 1L << 40;

    private final Random random = Seeds.random();
    private final RecordView view = new RecordView();

    @Test
    void check_anyRecordInAnyBufferAtAnyIndex_isValidAndReadsBack() {
        for (int i = 0; i < 5_000; i++) {
            byte[] header = Samples.bytes(random, random.nextInt(100) == 0
                    ? RecordLayout.MAX_HEADER_BYTES - random.nextInt(9) : random.nextInt(40));
            byte[] content = Samples.bytes(random, random.nextInt(100) == 0 ? random.nextInt(1 << 17)
                    : random.nextInt(300));
            int flags = random.nextInt();
            int previousSize = random.nextInt();
            long timestamp = random.nextLong();
            long position = random.nextLong();
            long salt = random.nextLong();
            byte[] frame = Samples.frame(header, content, flags, previousSize, timestamp, salt, position);
            int index = random.nextInt(33);
            ByteBuffer buffer = Samples.placed(random, frame, index);
            int limit = buffer.limit();
            buffer.position(random.nextInt(limit));
            int at = buffer.position();

            Verdict verdict = view.check(buffer, index, frame.length, position, salt);

            assertThat(verdict).isEqualTo(Verdict.VALID);
            assertThat(view.frameBytes()).isEqualTo(frame.length);
            assertThat(view.index()).isEqualTo(index);
            assertThat(view.position()).isEqualTo(position);
            assertThat(view.flags()).isEqualTo(flags);
            assertThat(view.previousSize()).isEqualTo(previousSize);
            assertThat(view.timestampMillis()).isEqualTo(timestamp);
            assertThat(slice(buffer, view.headerIndex(), view.headerLength())).isEqualTo(header);
            assertThat(slice(buffer, view.contentIndex(), view.contentLength())).isEqualTo(content);
            assertThat(buffer.position()).isEqualTo(at);
            assertThat(buffer.limit()).isEqualTo(limit);
            assertThat(view.check(buffer, index, frame.length, position + 8, salt)).isEqualTo(Verdict.BAD_CHECKSUM);
            assertThat(view.check(buffer, index, frame.length, position, salt + 1)).isEqualTo(Verdict.BAD_CHECKSUM);
            assertThat(view.check(buffer, index, frame.length - 1, position, salt)).isEqualTo(Verdict.TOO_LONG);
        }
    }

    @Test
    void check_anyByteChanged_isRefusedButForThePadding() {
        byte[] whole = sample(5, 8);
        int padding = whole.length - RecordLayout.PREFIX_BYTES - 13;
        assertThat(padding).isPositive();
        for (int at = 0; at < whole.length; at++) {
            for (int flip = 1; flip < 256; flip++) {
                byte[] bytes = whole.clone();
                bytes[at] ^= (byte) flip;

                Verdict verdict = check(bytes);

                if (at < whole.length - padding) {
                    assertThat(verdict).as("byte %d ^ 0x%x", at, flip).isNotIn(Verdict.VALID, Verdict.EMPTY);
                } else {
                    assertThat(verdict).isEqualTo(Verdict.VALID);
                    assertThat(view.contentLength()).isEqualTo(8);
                }
            }
        }
    }

    @Test
    void check_commitWordGone_isEmptyHoweverMuchStandsBehind() {
        byte[] bytes = sample(5, 8);
        Arrays.fill(bytes, 0, 8, (byte) 0);

        assertThat(check(bytes)).isEqualTo(Verdict.EMPTY);
        assertThat(view.frameBytes()).isZero();
    }

    @Test
    void check_cutAnywhere_isTooLongAndNothingBehindTheEndIsRead() {
        byte[] whole = sample(5, 8);
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThat(check(cut)).as("length %d", length).isEqualTo(Verdict.TOO_LONG);
            assertThat(view.peek(Samples.littleEndian(cut), 0, length, POSITION)).isEqualTo(Verdict.TOO_LONG);
        }
    }

    @Test
    void check_zerosOrGarbageShorterThanAPrefix_areJudgedByTheirCommitWord() {
        assertThat(check(new byte[8])).isEqualTo(Verdict.EMPTY);
        assertThat(check(new byte[31])).isEqualTo(Verdict.EMPTY);
        assertThat(check(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9})).isEqualTo(Verdict.NOT_A_RECORD);
    }

    @Test
    void check_bufferWithLessThanIsSaidToBeAvailable_isTooLong() {
        byte[] whole = sample(5, 8);
        ByteBuffer heap = Samples.littleEndian(whole.clone()).limit(whole.length - 1);
        ByteBuffer direct = ByteBuffer.allocateDirect(whole.length).order(ByteOrder.LITTLE_ENDIAN).put(0,
                whole).limit(whole.length - 1);

        assertThat(view.check(heap, 0, Integer.MAX_VALUE, POSITION, SALT)).isEqualTo(Verdict.TOO_LONG);
        assertThat(view.check(direct, 0, Integer.MAX_VALUE, POSITION, SALT)).isEqualTo(Verdict.TOO_LONG);
        assertThat(view.peek(heap, 0, whole.length, POSITION)).isEqualTo(Verdict.VALID);
    }

    @Test
    void check_absurdLengths_areTooLong() {
        for (int content : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, RecordLayout.MAX_CONTENT_BYTES}) {
            ByteBuffer bytes = Samples.littleEndian(sample(5, 8));
            bytes.putInt(RecordLayout.CONTENT_LENGTH, content);
            assertThat(view.check(bytes, 0, bytes.limit(), POSITION, SALT)).isEqualTo(Verdict.TOO_LONG);
            assertThat(view.peek(bytes, 0, 1L << 40, POSITION)).isEqualTo(Verdict.TOO_LONG);
        }
        ByteBuffer bytes = Samples.littleEndian(sample(5, 8));
        bytes.putLong(0, RecordLayout.commitWord(RecordLayout.MAX_HEADER_BYTES));
        assertThat(view.check(bytes, 0, bytes.limit(), POSITION, SALT)).isEqualTo(Verdict.TOO_LONG);
    }

    @Test
    void check_payloadThatIsARecordOfThisSegment_isNotOneWhereItStands() {
        byte[] inner = sample(0, 24);
        byte[] outer = Samples.frame(new byte[0], inner, 0, 0, 1, SALT, POSITION);

        assertThat(view.check(Samples.littleEndian(outer), RecordLayout.PREFIX_BYTES, inner.length, POSITION
                + RecordLayout.PREFIX_BYTES, SALT))
                .isEqualTo(Verdict.BAD_CHECKSUM);
    }

    @Test
    void check_garbage_isNeverValid() {
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = Samples.bytes(random, 8 * (1 + random.nextInt(20)));
            if (random.nextBoolean()) {
                Samples.littleEndian(bytes).putLong(0, RecordLayout.commitWord(random.nextInt(20)));
            }
            assertThat(check(bytes)).isNotEqualTo(Verdict.VALID);
        }
    }

    private byte[] sample(int headerLength, int contentLength) {
        return Samples.frame(Samples.bytes(random, headerLength), Samples.bytes(random, contentLength),
                RecordLayout.MEMBER, 64, 1_767_225_600_000L,
                SALT, POSITION);
    }

    private Verdict check(byte[] bytes) {
        return view.check(Samples.littleEndian(bytes), 0, bytes.length, POSITION, SALT);
    }

    private static byte[] slice(ByteBuffer buffer, int index, int length) {
        byte[] bytes = new byte[length];
        buffer.get(index, bytes);
        return bytes;
    }
}
