package dev.streamwal.nanowal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.reader.NanoWalFiles;
import dev.streamwal.segment.ReadSettingsForTests;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What comes at the wrong moment. */
class NanoWalForwardTest {

    @TempDir
    Path directory;

    private Runnable beforeListing = () -> {};

    private static byte[] record(String content) {
        return NanoWalFiles.record("", content);
    }

    private static String next(NanoWalForward walk) {
        return walk.next() ? new String(walk.record().copyBody(), StandardCharsets.UTF_8) : "";
    }

    @Test
    void aRecordAndTheNextFile_betweenTheLooksAtTheEndAndAtTheDirectory_areBothRead() throws IOException {
        Path first = NanoWalFiles.write(directory, "k", 1_000, record("a"));
        try (NanoWalDirectory source = new NanoWalDirectory(directory, ReadSettingsForTests.DEFAULTS, this::tick);
                NanoWalForward walk = NanoWalForward.from(source, "k", 0)) {
            assertThat(next(walk)).isEqualTo("a");
            beforeListing = () -> {
                try {
                    NanoWalFiles.append(first, record("b"));
                    NanoWalFiles.write(directory, "k", 2_000, record("c"));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            };

            assertThat(next(walk)).isEqualTo("b");
            assertThat(next(walk)).isEqualTo("c");
            assertThat(next(walk)).isEmpty();
        }
    }

    /** Asked for the time just before the directory is listed. */
    private long tick() {
        Runnable now = beforeListing;
        beforeListing = () -> {};
        now.run();
        return System.nanoTime();
    }
}
