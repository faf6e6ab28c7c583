package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class ActivityLayoutTest {

    private static final long GENERATION = 0x0123_4567_89AB_CDEFL;

    @Test
    void encodeHeader_golden_isWhatItAlwaysWas() {
        byte[] header = ActivityLayout.encodeHeader(GENERATION, 65_536).array();
        assertThat(HexFormat.of().formatHex(header, 0, 24)).isEqualTo("5354524d61637431" + "efcdab8967452301" + "00000100" + "41855a39");
        assertThat(header).hasSize(64).endsWith(new byte[40]);
        assertThat(ActivityLayout.bytes(65_536)).isEqualTo(524_352);
    }

    @Test
    void hash_golden_isWhatItAlwaysWas() {
        assertThat(ActivityLayout.hash("a")).isEqualTo(0x82A2A958A9BECE5BL);
        assertThat(ActivityLayout.hash("sensor/ä")).isEqualTo(0xE5E49E5AF08D60FAL);
        assertThat(ActivityLayout.offset(ActivityLayout.slot(-1L, 64))).isEqualTo(64 + 63 * 8);
        assertThat(ActivityLayout.value(-1L, 72)).isEqualTo(~72L);
    }

    @Test
    void slots_everyChangedByte_isNoHeader() {
        ByteBuffer header = ActivityLayout.encodeHeader(GENERATION, 64);
        assertThat(ActivityLayout.slots(header, 64)).isEqualTo(64);
        assertThat(ActivityLayout.slots(header, 63)).isZero();
        for (int i = 0; i < 24; i++) {
            header.put(i, (byte) (header.get(i) ^ 4));
            assertThat(ActivityLayout.slots(header, 64)).isZero();
            header.put(i, (byte) (header.get(i) ^ 4));
        }
    }

    @Test
    void slots_absurdNumbers_areNoHeader() {
        for (int slots : new int[] {0, 1, 32, 65, 96, 1 << 17, 1 << 30, Integer.MIN_VALUE, -1}) {
            assertThat(ActivityLayout.slots(ActivityLayout.encodeHeader(GENERATION, slots).order(ByteOrder.LITTLE_ENDIAN), 64)).isZero();
        }
    }

    @Test
    void slot_manyKeys_areSpreadOverAll() {
        int[] taken = new int[1 << 10];
        for (int i = 0; i < 10 << 10; i++) {
            taken[ActivityLayout.slot(ActivityLayout.hash("machine/" + i), taken.length)]++;
        }
        assertThat(Arrays.stream(taken).max().orElse(0)).isLessThan(40);
    }
}
