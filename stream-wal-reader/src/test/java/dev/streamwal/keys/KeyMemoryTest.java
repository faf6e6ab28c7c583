package dev.streamwal.keys;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KeyMemoryTest {

    private static final byte[] CONTEXT = {1};

    private static byte[] key(int value) {
        byte[] key = new byte[KeyWrap.KEY_BYTES];
        Arrays.fill(key, (byte) value);
        return key;
    }

    @Test
    void with_copiesWhatWasPut_andZeroesTheCopy() {
        for (KeyMemory memory : List.of(KeyMemory.locked(3), KeyMemory.brief(3))) {
            memory.put(1, key(1));
            memory.put(2, key(2));
            byte[] copy = memory.with(2, bytes -> {
                assertThat(bytes).isEqualTo(key(2));
                return bytes;
            });
            assertThat(copy).isEqualTo(key(0));
            memory.zero();
            assertThat(memory.<Boolean>with(1, bytes -> Arrays.equals(bytes, key(0)))).isTrue();
        }
    }

    @Test
    void ring_manyKeys_eachUnwrapsItsOwn() {
        Map<String, byte[]> keys = new HashMap<>();
        for (int i = 0; i < 200; i++) {
            keys.put("k" + i, key(i));
        }
        MasterKeys ring = MasterKeys.ring("k7", keys);
        for (int i = 0; i < 200; i++) {
            byte[] wrapped = ring.wrap("k" + i, key(99), CONTEXT);
            assertThat(MasterKeys.ring("k" + i, Map.of("k" + i, key(i))).unwrap("k" + i, wrapped, CONTEXT)).isEqualTo(key(99));
        }
    }

    /** What a program prints that has a ring of 200 keys, gives it up, and says each time how much memory is locked. */
    private static List<String> run(String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC"));
        command.addAll(List.of(options));
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        command.addAll(List.of("-cp", path, Locking.class.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        List<String> lines = new String(process.getInputStream().readAllBytes(), UTF_8).lines().toList();
        assertThat(process.waitFor()).as("%s", lines).isZero();
        return lines;
    }

    @Test
    void ring_withoutNativeAccess_isNotLocked_andNothingIsPrinted() throws Exception {
        assertThat(run()).containsExactly("locked=false", "locked before and after: 0 kB, 0 kB");
    }

    @Test
    void ring_withNativeAccess_isLocked_untilNobodyHasIt_andNothingIsPrinted() throws Exception {
        assumeThat(Runtime.version().feature()).isGreaterThanOrEqualTo(22);
        assumeThat(System.getProperty("os.name")).isEqualTo("Linux");
        assertThat(run("--enable-native-access=ALL-UNNAMED")).containsExactly("locked=true", "locked before and after: 8 kB, 0 kB");
    }

    /** The program. */
    static final class Locking {

        private Locking() {}

        public static void main(String[] arguments) throws Exception {
            String during = useRing();
            for (int i = 0; i < 100 && !lockedMemory().equals("0 kB"); i++) {
                System.gc();
                Thread.sleep(20);
            }
            System.out.println("locked before and after: " + during + ", " + lockedMemory());
        }

        private static String useRing() throws IOException {
            Map<String, byte[]> keys = new HashMap<>();
            for (int i = 0; i < 200; i++) {
                keys.put("k" + i, key(i));
            }
            MasterKeys ring = MasterKeys.ring("k1", keys);
            System.out.println("locked=" + ring.isLocked());
            String locked = lockedMemory();
            if (!Arrays.equals(ring.unwrap("k3", ring.wrap("k3", key(5), CONTEXT), CONTEXT), key(5))) {
                throw new IllegalStateException("another key");
            }
            return locked;
        }

        private static String lockedMemory() throws IOException {
            Path status = Path.of("/proc/self/status");
            return !Files.exists(status) ? "0 kB" : Files.readAllLines(status).stream().filter(line -> line.startsWith("VmLck:")).findFirst().orElseThrow()
                    .substring("VmLck:".length()).trim();
        }
    }
}
