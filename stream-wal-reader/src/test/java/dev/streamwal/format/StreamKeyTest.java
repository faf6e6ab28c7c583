package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StreamKeyTest {

    private final Random random = Seeds.random();

    @ParameterizedTest
    @CsvSource(quoteCharacter = '"', value = {
        "sensor-1_a.b, sensor-1_a.b",
        "sensor/a, sensor%2fa",
        "../../etc/passwd, %2e.%2f..%2fetc%2fpasswd",
        "a/b, a%2fb",
        "a%2fb, a%252fb",
        "., %2e",
        ".., %2e%2e",
        "..., %2e.%2e",
        ".a, %2ea",
        "a., a%2e",
        "A, %41",
        "a, a",
        "CON, %43%4f%4e",
        "con, %63on",
        "con.txt, %63on.txt",
        "con., %63on%2e",
        "com0, %63om0",
        "lpt9.a.b, %6cpt9.a.b",
        "con1, con1",
        "conx.txt, conx.txt",
        "com10, com10",
        "nul, %6eul",
        "\" a b \", %20a%20b%20",
        "~, %7e",
        "😀, %f0%9f%98%80",
        "é, %c3%a9",
    })
    void directoryName_key_isAsDocumented(String key, String name) {
        assertThat(StreamKey.of(key).directoryName()).isEqualTo(name);
        assertThat(StreamKey.fromDirectoryName(name)).contains(StreamKey.of(key));
    }

    @Test
    void directoryName_nastyKeys_areDistinctPlainNamesThatFileSystemsTake() {
        List<String> keys = new ArrayList<>(List.of("../../etc/passwd", "a/b", "a\\b", ".", "..", "...", "CON", "con",
                "Con", "con.txt", "CON.txt",
                "a.", "a..", "a", "A", " ", "  ", "a ", " a", "\0", "\n", "\u007f", ":", "C:", "*", "?", "\"", "<",
                ">", "|", "~", "%", "%2e", "%2E",
                "é", "e\u0301", "ß", "ẞ", "ı", "I", "i", "İ", "😀", "😀😀", "COM¹", "com1", "conin$", "aux.", "\ufeff",
                "\uffff"));
        for (int length : new int[] {2, 66, 67, 159, 160, 161, 199, 200, 201, 255, 256, 1_023, 1_024}) {
            keys.add("x".repeat(length));
            keys.add("x".repeat(length - 1) + ".");
            keys.add("x".repeat(length - 1) + "y");
            keys.add("/".repeat(length));
            keys.add("X".repeat(length));
            keys.add("." .repeat(length));
        }
        for (int i = 0; i < 20_000; i++) {
            keys.add(Samples.text(random, random.nextInt(4) == 0 ? 1_024 : 1 + random.nextInt(300)));
        }
        Map<String, String> keyOf = new HashMap<>();
        Set<String> seen = new HashSet<>();
        for (String key : keys) {
            String name = StreamKey.of(key).directoryName();
            if (!seen.add(key)) {
                continue;
            }
            assertThat(keyOf.put(name, key)).as("key of %s", name).isNull();
            assertThat(name).matches("[a-z0-9\\-_.%~]{1,255}").doesNotStartWith(".").doesNotEndWith(".");
            assertThat(name).doesNotMatch("(con|prn|aux|nul|com[0-9]|lpt[0-9])(\\..*)?");
        }
    }

    @Test
    void directoryName_everyCodePoint_isDistinctAndComesBack() {
        Set<String> names = new HashSet<>();
        for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint += codePoint < 0x3000 ? 1 : 97) {
            if (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
                continue;
            }
            StreamKey key = StreamKey.of(Character.toString(codePoint));
            assertThat(names.add(key.directoryName())).isTrue();
            assertThat(StreamKey.fromDirectoryName(key.directoryName())).contains(key);
        }
    }

    @Test
    void fromDirectoryName_whatDirectoryNameGave_isTheKeyOrADigest() {
        for (int i = 0; i < 20_000; i++) {
            StreamKey key = Samples.key(random);
            String name = key.directoryName();
            boolean digest = name.indexOf('~') >= 0;
            assertThat(StreamKey.isDigestName(name)).isEqualTo(digest);
            if (digest) {
                assertThat(StreamKey.fromDirectoryName(name)).isEmpty();
                assertThat(name).hasSize(193);
            } else {
                assertThat(StreamKey.fromDirectoryName(name)).contains(key);
                assertThat(name).hasSizeLessThanOrEqualTo(200);
            }
        }
    }

    @Test
    void directoryName_pastTwoHundredBytes_hasAPrefixAndADigest() {
        assertThat(StreamKey.of("x".repeat(200)).directoryName()).isEqualTo("x".repeat(200));
        // the digest from: printf 'x%.0s' $(seq 201) | sha256sum
        assertThat(StreamKey.of("x".repeat(201)).directoryName())
        .isEqualTo("x".repeat(160) + "~84a0678c90937f5dcf9994d5866668da");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "A", "%41%", "%4", "%", "%zz", "%2E", "%2F", "%61", "%63", "a%", "a%2", "a b", ".",
            "..", ".a", "a.", "con", "con.txt",
        "nul.", "%ff", "%c3", "%ed%a0%80", "%c0%80", "~", "a~b", "é", "%41/..", "../a", "%٤١"})
    void fromDirectoryName_whatIsNotCanonical_isEmpty(String name) {
        assertThat(StreamKey.fromDirectoryName(name)).isEmpty();
        assertThat(StreamKey.isDigestName(name)).isFalse();
    }

    @Test
    void fromDirectoryName_longNames_areEmpty() {
        assertThat(StreamKey.fromDirectoryName("x".repeat(200))).isPresent();
        assertThat(StreamKey.fromDirectoryName("x".repeat(201))).isEmpty();
        assertThat(StreamKey.fromDirectoryName("x".repeat(100_000))).isEmpty();
    }

    @Test
    void fromDirectoryName_anyName_isEmptyOrCanonical() {
        String alphabet = "ab.%~-_0123456789cdefABCDEF/ é";
        for (int i = 0; i < 50_000; i++) {
            StringBuilder name = new StringBuilder();
            for (int length = random.nextInt(12); length > 0; length--) {
                name.append(alphabet.charAt(random.nextInt(random.nextBoolean() ? alphabet.length() : 8)));
            }
            StreamKey.fromDirectoryName(name.toString()).ifPresent(key -> assertThat(key.directoryName())
                    .hasToString(name.toString()));
        }
    }

    @Test
    void of_emptyOrOverLong_saysTheLimitAndTheLength() {
        assertThatThrownBy(() -> StreamKey.of("")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("empty");
        assertThatThrownBy(() -> StreamKey.of("x".repeat(1_025))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1025");
        assertThatThrownBy(() -> StreamKey.of("é".repeat(513))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("bytes=1026");
        assertThatThrownBy(() -> StreamKey.of("x".repeat(10_000_000))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> StreamKey.of(null)).isInstanceOf(NullPointerException.class);
        assertThat(StreamKey.of("é".repeat(512)).utf8Length()).isEqualTo(1_024);
        assertThat(StreamKey.of("😀".repeat(256)).utf8Length()).isEqualTo(1_024);
    }

    @Test
    void of_loneSurrogates_areRefusedAndNamed() {
        for (String key : new String[] {"\ud83d", "\ude00", "a\ud83d", "\ude00\ud83d", "\ud83dx",
                "\ud83d\ud83d\ude00"}) {
            assertThatThrownBy(() -> StreamKey.of(key)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("lone surrogate").hasMessageContaining("\\ud");
        }
    }

    @Test
    void ofUtf8_whatUtf8Gave_isTheSameKey() throws FormatException {
        for (int i = 0; i < 5_000; i++) {
            StreamKey key = Samples.key(random);
            assertThat(key.utf8()).isEqualTo(key.text().getBytes(StandardCharsets.UTF_8)).hasSize(key.utf8Length());
            assertThat(StreamKey.ofUtf8(key.utf8())).isEqualTo(key).hasSameHashCodeAs(key).hasToString(key.text());
        }
    }

    @Test
    void ofUtf8_whatIsNoKey_isRefused() {
        byte[][] wrong = {{}, new byte[1_025], {(byte) 0xFF}, {(byte) 0xC0, (byte) 0x80},
                {(byte) 0xED, (byte) 0xA0, (byte) 0x80}, {'a', (byte) 0xC3}};
        for (byte[] bytes : wrong) {
            assertThatThrownBy(() -> StreamKey.ofUtf8(bytes)).isInstanceOf(FormatException.class)
                    .hasMessageContaining("bytes=");
        }
    }

    /** It is in checksums on disks: another one, and nothing verifies that an earlier version has written. */
    @Test
    void salt_neverChanges() throws FormatException {
        assertThat(StreamKey.of("k").salt()).isEqualTo(0xe059_157a_ad23_7660L);
        assertThat(StreamKey.of("meter/4711/power").salt()).isEqualTo(0x6a95_9bbd_04e4_6274L);
        assertThat(StreamKey.of("é").salt()).isEqualTo(0xa0c4_79ef_afa5_2ce3L);
        assertThat(StreamKey.ofCheckedUtf8(new byte[] {'k'}).salt()).isEqualTo(StreamKey.of("k").salt());
    }

    @Test
    void compare_isTheOrderOfTheBytes_asTextAndAsKeys() {
        for (int i = 0; i < 1_000; i++) {
            StreamKey a = Samples.key(random);
            StreamKey b = i % 2 == 0 ? Samples.key(random) : StreamKey.of(a.text().substring(0, a.text().codePointAt(0) > 0xFFFF ? 2 : 1));
            int order = Integer.signum(Arrays.compareUnsigned(a.utf8(), b.utf8()));
            assertThat(Integer.signum(StreamKey.compare(a.text(), b.text()))).as("%s, %s", a, b).isEqualTo(order);
            assertThat(Integer.signum(StreamKey.compare(a, b))).as("%s, %s", a, b).isEqualTo(order);
        }
    }

    @Test
    void compare_surrogates_areBehindAllOthers() {
        String pair = Character.toString(0x1F600);
        assertThat(StreamKey.compare(pair, "\uFFFD")).isPositive();
        assertThat(StreamKey.compare("\uFFFD", pair)).isNegative();
        assertThat(StreamKey.compare(pair, Character.toString(0x1F601))).isNegative();
        assertThat(StreamKey.compare("a", "ab")).isNegative();
        assertThat(StreamKey.compare("a", "a")).isZero();
    }

    @Test
    void hashCode_ofDifferentKeys_differs() {
        assertThat(StreamKey.of("a")).doesNotHaveSameHashCodeAs(StreamKey.of("b"));
    }

    @Test
    void fromDirectoryName_longestName_isRead() {
        assertThat(StreamKey.fromDirectoryName("a".repeat(200))).contains(StreamKey.of("a".repeat(200)));
        assertThat(StreamKey.fromDirectoryName("a".repeat(201))).isEmpty();
    }
}
