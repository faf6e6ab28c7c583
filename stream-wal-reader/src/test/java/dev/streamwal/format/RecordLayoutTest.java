package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class RecordLayoutTest {

    private static final int ANY_FLAGS = 0;

    private final Random random = Seeds.random();

    @Test
    void commitWord_everyHeaderLength_isReadBack() {
        for (int length = 0; length <= RecordLayout.MAX_HEADER_BYTES; length++) {
            long word = RecordLayout.commitWord(length);
            assertThat(RecordLayout.isCommitWord(word) && RecordLayout.headerLength(word) == length).as("%d", length)
                    .isTrue();
        }
        assertThat(RecordLayout.isCommitWord(0)).isFalse();
    }

    @Test
    void isCommitWord_anyBitOfTheMagicChanged_isFalse() {
        for (int bit = 0; bit < 48; bit++) {
            assertThat(RecordLayout.isCommitWord(RecordLayout.commitWord(7) ^ 1L << bit)).isFalse();
        }
    }

    @Test
    void frameBytes_anyLengths_isTheLeastMultipleOfEightThatHoldsThem() {
        for (int i = 0; i < 10_000; i++) {
            int header = random.nextInt(RecordLayout.MAX_HEADER_BYTES + 1);
            long content = random.nextInt() & 0xFFFF_FFFFL;
            long frame = RecordLayout.frameBytes(header, content);
            assertThat(frame % 8).isZero();
            assertThat(frame - RecordLayout.PREFIX_BYTES - header - content).isBetween(0L, 7L);
        }
    }

    @Test
    void checkedFrameBytes_theLargestData_fitsExactly() {
        int largest = RecordLayout.MAX_FRAME_BYTES - RecordLayout.PREFIX_BYTES;
        assertThat(checked(0, largest, ANY_FLAGS, Long.MAX_VALUE)).isEqualTo(RecordLayout.MAX_FRAME_BYTES);
        assertThat(checked(0, largest + 1, ANY_FLAGS, Long.MAX_VALUE)).isEqualTo(-1);
        assertThat(checked(1, largest, ANY_FLAGS, Long.MAX_VALUE)).isEqualTo(-1);
        assertThat(checked(0, largest + 1, RecordLayout.PADDING, Long.MAX_VALUE))
                .isEqualTo(RecordLayout.MAX_FRAME_BYTES + 8);
    }

    @Test
    void checkedFrameBytes_moreThanIsAvailable_isRefused() {
        assertThat(checked(3, 5, ANY_FLAGS, 40)).isEqualTo(40);
        assertThat(checked(3, 5, ANY_FLAGS, 39)).isEqualTo(-1);
        assertThat(checked(0, 0, ANY_FLAGS, 0)).isEqualTo(-1);
        assertThat(checked(0, 0, ANY_FLAGS, -1)).isEqualTo(-1);
    }

    @Test
    void checkedFrameBytes_absurdLengths_areRefusedWhateverTheFlags() {
        for (int content : new int[] {-1, -8, -32, -40, Integer.MIN_VALUE, Integer.MIN_VALUE + 8, Integer.MAX_VALUE,
                Integer.MAX_VALUE - 38}) {
            for (int flags : new int[] {ANY_FLAGS, RecordLayout.MEMBER, RecordLayout.PADDING, RecordLayout.FOOTER,
                    -1}) {
                assertThat(checked(RecordLayout.MAX_HEADER_BYTES, content, flags, Long.MAX_VALUE))
                        .as("%d %x", content, flags).isEqualTo(-1);
                assertThat(checked(0, content, flags, 64 << 20)).isEqualTo(-1);
            }
        }
    }

    @Test
    void flags_everyKind_isToldApart() {
        for (int kind : new int[] {RecordLayout.PADDING, RecordLayout.BATCH, RecordLayout.FOOTER, RecordLayout.CONTROL,
                0x7F00_0001}) {
            assertThat(RecordLayout.isControl(kind)).isTrue();
            assertThat(RecordLayout.isMember(kind)).isFalse();
            assertThat(RecordLayout.isMember(kind | RecordLayout.MEMBER)).isFalse();
        }
        assertThat(RecordLayout.isMember(RecordLayout.MEMBER)).isTrue();
    }

    @Test
    void visibility_everyKind_isToldApart() {
        assertThat(Visibility.of(0)).isEqualTo(Visibility.SHOWN);
        assertThat(Visibility.of(RecordLayout.MEMBER)).isEqualTo(Visibility.SHOWN);
        assertThat(Visibility.of(RecordLayout.ENCRYPTED)).isEqualTo(Visibility.SHOWN);
        assertThat(Visibility.of(RecordLayout.ENCRYPTED | RecordLayout.MEMBER)).isEqualTo(Visibility.SHOWN);
        assertThat(Visibility.of(RecordLayout.FOOTER)).isEqualTo(Visibility.END);
        for (int kind : new int[] {RecordLayout.PADDING, RecordLayout.BATCH, RecordLayout.CONTROL, 0x7F00_0001}) {
            assertThat(Visibility.of(kind)).as("%x", kind).isEqualTo(Visibility.HIDDEN);
        }
        for (int bit = 2; bit < 32; bit++) {
            if (1 << bit == RecordLayout.ENCRYPTED) {
                continue;
            }
            assertThat(Visibility.of(1 << bit)).as("bit %d", bit).isEqualTo(Visibility.TOO_NEW);
            assertThat(Visibility.of(1 << bit | RecordLayout.MEMBER)).as("bit %d", bit).isEqualTo(Visibility.TOO_NEW);
        }
    }

    private static int checked(int headerLength, int contentLength, int flags, long available) {
        return RecordLayout.checkedFrameBytes(RecordLayout.commitWord(headerLength), contentLength, flags, available);
    }
}
