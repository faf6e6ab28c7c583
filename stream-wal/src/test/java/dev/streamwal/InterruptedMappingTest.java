package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InterruptedMappingTest {

    private static final int APPENDS = 2_000;
    /** Interrupts without a pause would mostly hit other calls, and be repeated. */
    private static final long PAUSE_NANOS = 200_000;
    private static final Path MAPPINGS = Path.of("/proc/self/maps");

    /** The JDK loses a mapping that it was making when its thread was interrupted. */
    @Test
    void append_interruptedAgainAndAgain_leavesAtMostTheMappingOfTheFirstInterrupt(@TempDir Path directory) throws Exception {
        assumeTrue(Files.isReadable(MAPPINGS), "only Linux says what is mapped");
        Path log = directory.resolve("log");
        WalOptions options = WalOptions.builder().segmentBytes(64 << 10).maxRecordBytes(16 << 10).build();
        try (StreamWal wal = StreamWal.open(log, options)) {
            WalStream stream = wal.stream("key");
            AtomicBoolean done = new AtomicBoolean();
            Thread appending = new Thread(() -> {
                for (int i = 0; i < APPENDS; i++) {
                    stream.append(new byte[15 << 10]);
                    boolean unused = Thread.interrupted();
                }
                done.set(true);
            }, "appending");
            appending.start();
            while (!done.get() && appending.isAlive()) {
                appending.interrupt();
                LockSupport.parkNanos(PAUSE_NANOS);
            }
            appending.join();

            assertThat(done).isTrue();
        }

        assertThat(mappingsOf(log)).isLessThanOrEqualTo(1);
    }

    private static long mappingsOf(Path log) throws IOException {
        try (Stream<String> mappings = Files.lines(MAPPINGS)) {
            return mappings.filter(each -> each.contains(log.toString())).count();
        }
    }
}
