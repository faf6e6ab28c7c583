package dev.streamwal.append;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The rule that an append reads the mapping only after it has reserved, and what it is for. A variant that reads it before writes to memory
 * that has been unmapped, or is another segment's by now: the process crashes, an append throws (from Java 22 on), or records are wrong.
 */
class EarlyMappingTest {

    private static final int SECONDS = 5;
    /** The wrong one ends at its first error, mostly within a second. */
    private static final int MAX_SECONDS = 30;

    @TempDir
    Path folder;

    @Test
    void append_thatReadsTheMappingBeforeItReserves_crashesOrLosesRecords() throws Exception {
        assertThat(run(true, MAX_SECONDS)).as(output(true)).isNotZero();
    }

    @Test
    void append_thatReadsTheMappingAfterItReserves_survivesTheSame() throws Exception {
        assertThat(run(false, SECONDS)).as(output(false)).isZero();
    }

    private int run(boolean early, int seconds) throws IOException, InterruptedException {
        Process process = ParkChaosProcess.start(folder.resolve("log-" + early), early, seconds);
        try {
            boolean ended = process.waitFor(seconds + 60, TimeUnit.SECONDS);
            assertThat(ended).as("it ends by itself").isTrue();
            return process.exitValue();
        } finally {
            process.destroyForcibly();
        }
    }

    private String output(boolean early) throws IOException {
        Path output = folder.resolve("output-" + early + ".txt");
        String text = Files.exists(output) ? Files.readString(output) : "";
        System.out.println("EarlyMappingTest, early=" + early + ": " + text.lines().filter(line -> !line.isBlank()).limit(4).toList());
        return text;
    }
}
