package dev.streamwal.keys;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.KeyUnavailableException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MasterKeysTest {

    private static final byte[] KEY = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, -1};
    private static final Random RANDOM = new Random();
    private static final byte[] CONTEXT = {1, 2, 3};
    private static final String HEX = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1EFF";

    @TempDir
    Path directory;

    private Path file(String text) throws IOException {
        Path file = directory.resolve("keys");
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        return file;
    }

    @Test
    void unwrap_whatWasWrapped_isTheKey() {
        MasterKeys ring = MasterKeys.ring("a", Map.of("a", new byte[32], "b", KEY));
        byte[] wrapped = ring.wrap("b", KEY, CONTEXT);
        assertThat(ring.unwrap("b", wrapped, CONTEXT)).isEqualTo(KEY);
        assertThat(ring.wrap("b", KEY, CONTEXT)).as("each time by another nonce").isNotEqualTo(wrapped);
        for (Runnable wrong : List.<Runnable>of(() -> ring.unwrap("a", wrapped, CONTEXT), () -> ring.unwrap("b", wrapped, new byte[3]),
                () -> ring.unwrap("b", new byte[5], CONTEXT), () -> ring.unwrap("c", wrapped, CONTEXT))) {
            assertThatThrownBy(wrong::run).isInstanceOf(KeyUnavailableException.class);
        }
        assertThat(ring.toString()).contains("a", "b").doesNotContain("1, 2");
    }

    @Test
    void ring_keysOrIdsThatCannotBe_areRefused() {
        assertThatThrownBy(() -> MasterKeys.ring("a", Map.of("b", KEY))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> MasterKeys.ring("a", Map.of("a", new byte[16]))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> MasterKeys.ring("", Map.of("", KEY))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> MasterKeys.ring("a", Map.of("a", KEY, "\ud800", KEY))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("lone surrogate");
    }

    @Test
    void ring_arrayIsZeroedByTheProgram_keepsTheKey() {
        byte[] key = KEY.clone();
        MasterKeys ring = MasterKeys.ring("a", Map.of("a", key));
        byte[] wrapped = ring.wrap("a", KEY, CONTEXT);
        Arrays.fill(key, (byte) 0);
        assertThat(ring.unwrap("a", wrapped, CONTEXT)).isEqualTo(KEY);
    }

    @Test
    void file_severalLines_lastOneIsCurrentAndAppendingRotates() throws IOException {
        Path file = file("# comment\n\nfirst key " + HEX + "\r\nsecond " + "0".repeat(64));
        MasterKeys keys = MasterKeys.file(file);
        assertThat(keys.currentId()).isEqualTo("second");
        byte[] wrapped = keys.wrap("first key", KEY, CONTEXT);
        assertThat(MasterKeys.ring("first key", Map.of("first key", KEY)).unwrap("first key", wrapped, CONTEXT)).isEqualTo(KEY);
        Files.writeString(file, "\nthird " + "1".repeat(64), StandardOpenOption.APPEND);
        assertThat(keys.currentId()).isEqualTo("third");
        assertThat(keys.unwrap("first key", wrapped, CONTEXT)).isEqualTo(KEY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "#\n", "a", "a 00", " " + HEX, "aa" + HEX, "a " + HEX + " ", "a g" + HEX, "a " + HEX + "\na " + HEX})
    void file_contentThatCannotBe_isRefusedWithoutShowingKeys(String text) throws IOException {
        Path file = file(text);
        assertThatThrownBy(() -> MasterKeys.file(file).currentId()).isInstanceOf(KeyUnavailableException.class).hasMessageContaining("file=" + file)
                .message().doesNotContain(HEX);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----"})
    void file_othersMayReadOrWrite_isRefused(String permissions) throws IOException {
        Path file = file("a " + HEX);
        assertThat(MasterKeys.file(file).currentId()).isEqualTo("a");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
        assertThatThrownBy(() -> MasterKeys.file(file).currentId()).isInstanceOf(KeyUnavailableException.class).hasMessageContaining(permissions);
    }

    /** The heap is searched with all that is garbage in it. */
    @Test
    void file_keyWasUsed_isNowhereInTheHeap() throws Exception {
        byte[] line = ("a " + "0".repeat(64)).getBytes(US_ASCII);
        byte[] mask = new byte[line.length];
        for (int i = 2; i < line.length; i++) {
            line[i] = (byte) Character.forDigit(RANDOM.nextInt(16), 16);
            mask[i] = (byte) (line[i] ^ 0x55);
        }
        Path file = file("");
        Files.write(file, line);
        Arrays.fill(line, (byte) 0);
        for (int i = 0; i < 3; i++) {
            assertThat(MasterKeys.file(file).wrap("a", KEY, CONTEXT)).isNotEmpty();
        }
        Path dump = directory.resolve("heap.hprof");
        // by reflection, as the module under test doesn't read the one that dumps
        Class<?> diagnostics = Class.forName("com.sun.management.HotSpotDiagnosticMXBean");
        Object bean = Class.forName("java.lang.management.ManagementFactory").getMethod("getPlatformMXBean", Class.class).invoke(null, diagnostics);
        Object unused = diagnostics.getMethod("dumpHeap", String.class, boolean.class).invoke(bean, dump.toString(), false);
        assertThat(count(dump, mask)).isZero();
    }

    /** @param mask what is looked for, from 2 on, in another form, so that it isn't found itself */
    private static int count(Path dump, byte[] mask) throws IOException {
        int found = 0;
        try (InputStream bytes = new BufferedInputStream(Files.newInputStream(dump), 1 << 20)) {
            int same = 2;
            for (int next = bytes.read(); next >= 0; next = bytes.read()) {
                same = next == (mask[same] ^ 0x55) ? same + 1 : 2;
                if (same == mask.length) {
                    found++;
                    same = 2;
                }
            }
        }
        return found;
    }

    @Test
    void file_missing_isUnavailable() {
        assertThatThrownBy(() -> MasterKeys.file(directory.resolve("none")).currentId()).isInstanceOf(KeyUnavailableException.class)
                .hasMessageContaining("none");
    }
}
