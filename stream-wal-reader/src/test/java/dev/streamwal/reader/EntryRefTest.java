package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EntryRefTest {

    private static final EntryRef REF = new EntryRef("host/é", 0x0102_0304_0506L, 160);
    private static final String GOLDEN = "0007" + "686f73742fc3a9" + "0000010203040506" + "000000a0";

    @Test
    void toBytes_golden_isStableForEver() {
        assertThat(HexFormat.of().formatHex(REF.toBytes())).isEqualTo(GOLDEN);
        assertThat(REF.encodedLength()).isEqualTo(GOLDEN.length() / 2);
        assertThat(EntryRef.fromBytes(HexFormat.of().parseHex(GOLDEN))).isEqualTo(REF);
    }

    @Test
    void toString_golden_isStableForEver() {
        assertThat(REF).hasToString("host/é@1108152157446+160");
        assertThat(EntryRef.parse("host/é@1108152157446+160")).isEqualTo(REF);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "@", "+", "a@1+2", "a+b@c+d", "@@++", " ", "\uD83D\uDE00", "../../etc/passwd", "\0"})
    void parse_keyWithMarks_isParsedFromTheRight(String key) {
        EntryRef ref = new EntryRef(key, 42, 32);
        assertThat(EntryRef.parse(ref.toString())).isEqualTo(ref);
        assertThat(EntryRef.fromBytes(ref.toBytes())).isEqualTo(ref);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "a", "a@1", "a+32", "@1+32", "a@+32", "a@1+", "a@-1+32", "a@+1+32", "a@01+32", "a@1+032", "a@1+31", "a@1+0", "a@1+33",
        "a@9223372036854775808+32", "a@9223372036854775807+32", "a@1+33554432", "a@1+4294967328", "a@1+9223372036854775808",
        "a@1 +32", "a@1+32 ", "a@\u0661+32", "a@1+32@2", "\uD800@1+32"
    })
    void parse_notARef_isRefused(String text) {
        assertThatThrownBy(() -> EntryRef.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void fromBytes_cutOrExtended_isRefused() {
        byte[] bytes = REF.toBytes();
        for (int length = 0; length <= bytes.length + 3; length++) {
            if (length != bytes.length) {
                byte[] other = Arrays.copyOf(bytes, length);
                assertThatThrownBy(() -> EntryRef.fromBytes(other)).isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    @Test
    void fromBytes_anyByteChanged_isRefusedOrAnotherRef() {
        byte[] bytes = REF.toBytes();
        for (int at = 0; at < bytes.length; at++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] other = bytes.clone();
                other[at] ^= (byte) (1 << bit);
                try {
                    assertThat(EntryRef.fromBytes(other)).isNotEqualTo(REF);
                } catch (IllegalArgumentException refused) {
                    assertThat(refused).hasMessageMatching("(?s).+");
                }
            }
        }
    }

    @Test
    void decode_severalInABuffer_readsEach() {
        ByteBuf buffer = Unpooled.buffer();
        EntryRef second = new EntryRef("b", 0, 32);
        REF.encode(buffer);
        second.encode(buffer);
        assertThat(EntryRef.decode(buffer)).isEqualTo(REF);
        assertThat(EntryRef.decode(buffer)).isEqualTo(second);
        assertThat(buffer.isReadable()).isFalse();
        assertThatThrownBy(() -> EntryRef.decode(buffer)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void decode_cut_leavesTheIndex() {
        ByteBuf buffer = Unpooled.buffer();
        REF.encode(buffer);
        buffer.writerIndex(buffer.writerIndex() - 1);
        assertThatThrownBy(() -> EntryRef.decode(buffer)).isInstanceOf(IllegalArgumentException.class);
        assertThat(buffer.readerIndex()).isZero();
    }

    @Test
    void new_outOfRange_isRefusedWithTheValue() {
        assertThatThrownBy(() -> new EntryRef("", 0, 32)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new EntryRef("a".repeat(1_025), 0, 32)).hasMessageContaining("1025");
        assertThatThrownBy(() -> new EntryRef("a", -1, 32)).hasMessageContaining("position=-1");
        assertThatThrownBy(() -> new EntryRef("a", 0, 36)).hasMessageContaining("size=36");
        assertThatThrownBy(() -> new EntryRef("a", 0, 24)).hasMessageContaining("size=24");
        assertThatThrownBy(() -> new EntryRef("a", 0, 32 << 20)).hasMessageContaining("size=33554432");
        assertThatThrownBy(() -> new EntryRef("a", Long.MAX_VALUE - 8, 32)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new EntryRef(null, 0, 32)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void sizeOf_lengths_isThePrefixAndBothRoundedUp() {
        assertThat(EntryRef.sizeOf(0, 0)).isEqualTo(32);
        assertThat(EntryRef.sizeOf(0, 1)).isEqualTo(40);
        assertThat(EntryRef.sizeOf(3, 5)).isEqualTo(40);
        assertThat(EntryRef.sizeOf(65_535, 1)).isEqualTo(32 + 65_536);
        int largest = (32 << 20) - 8 - 32;
        assertThat(new EntryRef("a", 0, EntryRef.sizeOf(0, largest)).size()).isEqualTo((32 << 20) - 8);
    }

    @Test
    void sizeOf_noSuchRecord_isRefusedWithTheValues() {
        assertThatThrownBy(() -> EntryRef.sizeOf(-1, 0))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("headerLength=-1");
        assertThatThrownBy(() -> EntryRef.sizeOf(65_536, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> EntryRef.sizeOf(0, -1))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("contentLength=-1");
        assertThatThrownBy(() -> EntryRef.sizeOf(0, (32 << 20) - 8 - 31)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> EntryRef.sizeOf(1, Integer.MAX_VALUE)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void toBytes_keyThatIsNoUnicode_isRefused() {
        assertThatThrownBy(() -> new EntryRef("a\uD800", 0, 32).toBytes()).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void end_ofARef_isWhereReadingResumes() {
        assertThat(new EntryRef("a", 64, 32).end()).isEqualTo(96);
    }

    @Test
    void compareTo_randomKeys_isTheOrderOfTheirUtf8Bytes() {
        Random random = new Random(7);
        String[] alphabet = {"a", "b", "\0", "\u007F", "\u0080", "\u07FF", "\u0800", "\uD7FF", "\uE000", "\uFFFF",
            "\uD800\uDC00", "\uDBFF\uDFFF"};
        List<EntryRef> refs = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            StringBuilder key = new StringBuilder();
            for (int n = 1 + random.nextInt(3); n > 0; n--) {
                key.append(alphabet[random.nextInt(alphabet.length)]);
            }
            refs.add(new EntryRef(key.toString(), random.nextInt(3), 32 + 8 * random.nextInt(2)));
        }
        List<EntryRef> byUtf8 = new ArrayList<>(refs);
        byUtf8.sort((a, b) -> {
            int byKey = Arrays.compareUnsigned(
                    a.key().getBytes(StandardCharsets.UTF_8), b.key().getBytes(StandardCharsets.UTF_8));
            int byPosition = byKey != 0 ? byKey : Long.compare(a.position(), b.position());
            return byPosition != 0 ? byPosition : Integer.compare(a.size(), b.size());
        });
        Collections.sort(refs);
        assertThat(refs).isEqualTo(byUtf8);
    }

    @Test
    void toBytes_refsOfOneKey_sortBytewiseByPosition() {
        byte[] low = new EntryRef("k", 255, 64).toBytes();
        byte[] high = new EntryRef("k", 256, 32).toBytes();
        assertThat(Arrays.compareUnsigned(low, high)).isNegative();
    }
}
