package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.format.RecordView.Verdict;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PaddingLayoutTest {

    private final Random random = Seeds.random();
    private final RecordView view = new RecordView();

    @Test
    void encodePrefix_anySlot_isAValidRecordOverZeros() {
        for (int i = 0; i < 500; i++) {
            int frameBytes = 32 + 8 * random.nextInt(i % 10 == 0 ? 10_000 : 10);
            int previousSize = 8 * random.nextInt(100);
            long salt = random.nextLong();
            long position = random.nextLong() >>> 1;

            byte[] slot = slot(frameBytes, previousSize, salt, position);

            assertThat(view.check(Samples.littleEndian(slot), 0, slot.length, position, salt)).isEqualTo(Verdict.VALID);
            assertThat(view.frameBytes()).isEqualTo(frameBytes);
            assertThat(view.flags()).isEqualTo(RecordLayout.PADDING);
            assertThat(view.previousSize()).isEqualTo(previousSize);
            assertThat(view.timestampMillis()).isZero();
        }
    }

    @Test
    void encodePrefix_slotLargerThanAnyDataRecord_isAValidRecord() {
        int frameBytes = RecordLayout.MAX_FRAME_BYTES + 800;
        byte[] slot = slot(frameBytes, 0, 1, 2);
        assertThat(view.check(Samples.littleEndian(slot), 0, slot.length, 2, 1)).isEqualTo(Verdict.VALID);
    }

    @Test
    void check_anyByteOfASlotChanged_isRefused() {
        byte[] whole = slot(72, 40, 3, 4);
        for (int at = 0; at < whole.length; at++) {
            for (int flip = 1; flip < 256; flip++) {
                byte[] bytes = whole.clone();
                bytes[at] ^= (byte) flip;
                assertThat(view.check(Samples.littleEndian(bytes), 0, bytes.length, 4, 3))
                        .isNotIn(Verdict.VALID, Verdict.EMPTY);
            }
        }
    }

    @Test
    void encodePrefix_noSlot_isRefused() {
        for (int frameBytes : new int[] {Integer.MIN_VALUE, -8, 0, 24, 31, 33, 44}) {
            assertThatThrownBy(() -> PaddingLayout.encodePrefix(frameBytes, 0, 1, 2))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("frameBytes=" + frameBytes);
        }
    }

    private static byte[] slot(int frameBytes, int previousSize, long salt, long position) {
        ByteBuffer prefix = PaddingLayout.encodePrefix(frameBytes, previousSize, salt, position);
        assertThat(prefix.remaining()).isEqualTo(RecordLayout.PREFIX_BYTES);
        byte[] slot = new byte[frameBytes];
        prefix.get(slot, 0, RecordLayout.PREFIX_BYTES);
        return slot;
    }
}
