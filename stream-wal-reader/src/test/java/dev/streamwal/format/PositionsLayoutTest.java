package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class PositionsLayoutTest {

    private static final String BOOT_ID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";

    private final Random random = Seeds.random();

    @Test
    void decode_whatWasWritten_givesTheNewest() {
        for (int i = 0; i < 50; i++) {
            byte[] file = new byte[PositionsLayout.SLOTS * PositionsLayout.SLOT_BYTES];
            Positions state = Positions.NEW;
            assertThat(PositionsLayout.decode(file)).isEmpty();
            for (int step = 0; step < 50; step++) {
                state = next(state);
                write(file, state);
                assertThat(PositionsLayout.decode(file)).contains(state);
            }
        }
    }

    @Test
    void decode_aTornWrite_givesTheNewStateOrTheOneBefore() {
        byte[] file = new byte[PositionsLayout.SLOTS * PositionsLayout.SLOT_BYTES];
        Positions state = Positions.NEW.withNextIncarnation(BOOT_ID);
        write(file, state);
        for (int step = 0; step < 200; step++) {
            Positions next = next(state);
            byte[] slot = PositionsLayout.encode(next).array();
            int at = (int) PositionsLayout.offset(next);
            for (int written = 0; written <= slot.length; written++) {
                byte[] torn = file.clone();
                System.arraycopy(slot, 0, torn, at, written);
                assertThat(PositionsLayout.decode(torn)).hasValueSatisfying(found -> assertThat(found)
                        .isIn(stateOf(file), next));
                byte[] tail = file.clone();
                System.arraycopy(slot, written, tail, at + written, slot.length - written);
                assertThat(PositionsLayout.decode(tail)).hasValueSatisfying(found -> assertThat(found)
                        .isIn(stateOf(file), next));
            }
            write(file, next);
            state = next;
        }
    }

    @Test
    void offset_statesInARow_alternateBetweenTheSlots() {
        Positions state = Positions.NEW;
        for (int step = 0; step < 10; step++) {
            Positions next = next(state);
            assertThat(PositionsLayout.offset(next) + PositionsLayout.offset(state))
                    .isEqualTo(PositionsLayout.SLOT_BYTES);
            state = next;
        }
    }

    @Test
    void decode_anyByteOfTheNewestSlotChanged_givesTheOneBefore() {
        byte[] file = new byte[PositionsLayout.SLOTS * PositionsLayout.SLOT_BYTES];
        Positions before = Positions.NEW.withCeiling(64L << 30);
        Positions newest = before.withNextIncarnation(BOOT_ID);
        write(file, before);
        write(file, newest);
        int at = (int) PositionsLayout.offset(newest);
        for (int index = 0; index < PositionsLayout.USED_BYTES; index++) {
            for (int flip = 1; flip < 256; flip++) {
                byte[] changed = file.clone();
                changed[at + index] ^= (byte) flip;
                assertThat(PositionsLayout.decode(changed)).as("byte %d ^ 0x%x", index, flip).contains(before);
            }
        }
    }

    @Test
    void decode_cutAnywhere_givesWhatIsWhole() {
        byte[] file = new byte[PositionsLayout.SLOTS * PositionsLayout.SLOT_BYTES];
        Positions first = positions(2, 8, 0, 1, BOOT_ID);
        Positions second = first.withCeiling(16);
        write(file, first);
        write(file, second);
        for (int length = 0; length < file.length; length++) {
            var found = PositionsLayout.decode(Arrays.copyOf(file, length));
            if (length < PositionsLayout.USED_BYTES) {
                assertThat(found).isEmpty();
            } else {
                assertThat(found).contains(length < PositionsLayout.SLOT_BYTES + PositionsLayout.USED_BYTES ? first
                        : second);
            }
        }
    }

    @Test
    void encode_bootIdThatWouldNotComeBack_isRefused() {
        assertThat(PositionsLayout.encode(positions(1, 0, 0, 0, "x".repeat(64))).remaining())
                .isEqualTo(PositionsLayout.USED_BYTES);
        assertThatThrownBy(() -> PositionsLayout.encode(positions(1, 0, 0, 0, "x".repeat(65))))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> PositionsLayout.encode(positions(1, 0, 0, 0, "ü")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void positions_derived_neverGoBack() {
        Positions state = positions(7, 100, 40, 3, BOOT_ID);
        assertThat(state.withCeiling(90).ceiling()).isEqualTo(100);
        assertThat(state.withCeiling(110)).isEqualTo(positions(8, 110, 40, 3, BOOT_ID));
        assertThat(state.withStartAtCeiling()).isEqualTo(positions(8, 100, 100, 3, BOOT_ID));
        assertThat(state.withNextIncarnation("")).isEqualTo(new Positions(8, 100, 100, 4, "", 4, 0, 0));
        assertThat(state.withNextIncarnation("x")).isEqualTo(new Positions(8, 100, 100, 4, "x", 4, 0, 0));
        assertThat(state.withNextIncarnation(BOOT_ID)).isEqualTo(new Positions(8, 100, 100, 4, BOOT_ID, 3, 0, 0));
        assertThat(state.withNextIncarnation("").withNextIncarnation("").bootIncarnation()).isEqualTo(5);
        assertThat(state.withClosed()).isEqualTo(new Positions(8, 100, 40, 3, BOOT_ID, 3, 1, 0));
    }

    @Test
    void isClosed_anyHistory_isWhatWasSaid() {
        Positions state = Positions.NEW;
        List<Boolean> said = new ArrayList<>(List.of(true));
        for (int i = 1; i < 300; i++) {
            state = state.withNextIncarnation(BOOT_ID);
            boolean closes = random.nextInt(40) != 0;
            state = closes ? state.withClosed() : state;
            said.add(closes);
            for (int which = 0; which <= i; which++) {
                boolean known = i - which < Positions.CLOSED_KNOWN;
                boolean since = which < i && !said.subList(which, i).contains(false);
                assertThat(state.isClosed(which)).isEqualTo(known && said.get(which));
                assertThat(state.wasClosedSince(which)).isEqualTo(known && since);
                int known0 = Math.max(which, i - Positions.CLOSED_KNOWN + 1);
                assertThat(state.wasClosedAsFarAsKnownSince(which)).isEqualTo(which < i && !said.subList(known0, i).contains(false));
            }
            assertThat(state.isClosed(i + 1) || state.wasClosedSince(i + 1) || state.wasClosedAsFarAsKnownSince(i + 1)).isFalse();
        }
    }

    @Test
    void isEndBelieved_anyHistory_onlyOfSegmentsSinceTheLastDoubt() {
        Positions state = Positions.NEW;
        int doubtedIn = 0;
        for (int i = 1; i < 1_000; i++) {
            state = state.withNextIncarnation(BOOT_ID);
            if (random.nextInt(50) == 0) {
                boolean isNow = random.nextBoolean();
                state = isNow ? state.withDoubtNow() : state.doubted() == Positions.DOUBTED_NOW ? state : state.withDoubt();
                doubtedIn = isNow ? i + 1 : i;
            }
            state = random.nextInt(100) == 0 ? state : state.withClosed();
            state = random.nextBoolean() ? state : stateOf(PositionsLayout.encode(state).array());
            for (int which = 0; which <= i; which++) {
                assertThat(state.isEndBelieved(which)).isEqualTo(state.wasClosedSince(which) && which >= doubtedIn);
            }
        }
    }

    /** Written by the first version. */
    @Test
    void decode_slotOfTheFirstVersion_isReadAndWasNotClosed() {
        ByteBuffer slot = ByteBuffer.allocate(112).order(ByteOrder.LITTLE_ENDIAN);
        slot.putLong(0x3153_4F50_4D52_5453L).putLong(6).putLong(4096).putLong(64).putLong(9);
        slot.putShort((short) 3).put("abc".getBytes(StandardCharsets.US_ASCII));
        CRC32C crc = new CRC32C();
        crc.update(slot.array(), 0, 108);
        slot.putInt(108, (int) crc.getValue());

        assertThat(PositionsLayout.decode(slot.array())).contains(new Positions(6, 4096, 64, 9, "abc", 9, 0, 0));
        slot.put(50, (byte) 1);
        assertThat(PositionsLayout.decode(slot.array())).isEmpty();
    }

    @Test
    void positions_whatCannotBe_isRefused() {
        assertThatThrownBy(() -> positions(-1, 0, 0, 0, "")).hasMessageContaining("sequence=-1");
        assertThatThrownBy(() -> positions(0, -1, 0, 0, "")).hasMessageContaining("ceiling=-1");
        assertThatThrownBy(() -> positions(0, 8, 16, 0, "")).hasMessageContaining("start=16");
        assertThatThrownBy(() -> positions(0, 8, -8, 0, "")).hasMessageContaining("start=-8");
        assertThatThrownBy(() -> positions(0, 0, 0, -1, "")).hasMessageContaining("incarnation=-1");
        assertThatThrownBy(() -> new Positions(0, 0, 0, 1, "", 2, 0, 0)).hasMessageContaining("bootIncarnation=2");
    }

    /** The first incarnation of its boot, not closed. */
    private static Positions positions(long sequence, long ceiling, long start, long incarnation, String bootId) {
        return new Positions(sequence, ceiling, start, incarnation, bootId, incarnation, 0, 0);
    }

    private Positions next(Positions state) {
        return switch (random.nextInt(5)) {
            case 4 -> state.withDoubt();
            case 3 -> state.withClosed();
            case 0 -> state.withCeiling(state.ceiling() + random.nextInt(Integer.MAX_VALUE));
            case 1 -> state.withStartAtCeiling();
            default -> state.withNextIncarnation(random.nextBoolean() ? BOOT_ID : "");
        };
    }

    private static Positions stateOf(byte[] file) {
        return PositionsLayout.decode(file).orElseThrow();
    }

    private static void write(byte[] file, Positions state) {
        ByteBuffer slot = PositionsLayout.encode(state);
        slot.get(file, (int) PositionsLayout.offset(state), slot.remaining());
    }
}
