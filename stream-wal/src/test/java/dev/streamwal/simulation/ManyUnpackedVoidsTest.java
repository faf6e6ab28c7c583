package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.packing.Packer;
import dev.streamwal.reader.EntryRef;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** As of sessions that are deleted soon: their keys are new ones all the time, and a window may last for hours. */
class ManyUnpackedVoidsTest {

    private Instant now = Instant.parse("2026-03-01T12:00:00Z");

    @Test
    void pack_manyDeletionsOfWhatIsNotPacked_doesNotWaitForTheEndOfTheWindow() throws IOException {
        Path root = new SimulatedDisk().path("/log");
        WalOptions options = WalOptions.builder().window(Duration.ofHours(1)).clock(() -> now).sweepInterval(Duration.ZERO).ownSegments(0).build();
        try (StreamWal wal = SimulatedLog.open(root, options, "boot", false, new Random(1)::nextLong)) {
            EntryRef unused = wal.stream("left").append(new byte[1]);
            deleteSessions(wal, 1, Packer.MAX_UNPACKED_VOIDS - 1);
            assertThat(wal.pack()).isZero();
            deleteSessions(wal, Packer.MAX_UNPACKED_VOIDS, Packer.MAX_UNPACKED_VOIDS);
            assertThat(ManifestFile.read(root).voidCount()).isEqualTo(Packer.MAX_UNPACKED_VOIDS);
            assertThat(wal.pack()).isPositive();
            assertThat(ManifestFile.read(root).voidCount()).isZero();
            assertThat(SimulatedLog.lengths(wal, "left")).containsExactly(1);
        }
    }

    private void deleteSessions(StreamWal wal, int from, int to) {
        for (int i = from; i <= to; i++) {
            EntryRef unused = wal.stream("session/" + i).append(new byte[1]);
            assertThat(wal.delete("session/" + i)).isTrue();
        }
        now = now.plusMillis(1);
    }
}
