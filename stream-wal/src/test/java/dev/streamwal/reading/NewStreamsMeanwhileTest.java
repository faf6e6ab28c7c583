package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Durability;
import dev.streamwal.Segments;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalReader;
import dev.streamwal.simulation.SimulatedDisk;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Before each call that a reader makes to the disk, a stream comes, with a directory of its own. What asks for many streams still ends, with what existed. */
class NewStreamsMeanwhileTest {

    private static final List<String> EXISTING = List.of("a", "b", "shared");
    /** Then no more streams come, so that a reader that waits for that ends, too. */
    private static final int MAX_CALLS = 2_000;
    private static final int MAX_LOOKS = 400;

    private final SimulatedDisk disk = new SimulatedDisk();
    private int came;
    private int calls;

    /** An operation that looks at many streams, and how many of the existing ones it finds. */
    private enum Asked {
        LATEST_OF_KEYS {
            @Override
            int of(WalReader reader) {
                return reader.latest(EXISTING).size();
            }
        },
        DESCRIBE_OF_KEYS {
            @Override
            int of(WalReader reader) {
                return (int) reader.describe(Keys.all()).keySet().stream().filter(EXISTING::contains).count();
            }
        },
        KEYS {
            @Override
            int of(WalReader reader) {
                return (int) reader.keys().stream().filter(EXISTING::contains).count();
            }
        },
        SCAN_MERGED {
            @Override
            int of(WalReader reader) {
                int found = 0;
                try (EntryCursor cursor = reader.scanMerged(Keys.of(EXISTING), Instant.MIN, Instant.MAX)) {
                    while (cursor.next()) {
                        found++;
                    }
                }
                return found;
            }
        };

        abstract int of(WalReader reader);
    }

    @ParameterizedTest
    @CsvSource({"LATEST_OF_KEYS, true", "LATEST_OF_KEYS, false", "DESCRIBE_OF_KEYS, true", "DESCRIBE_OF_KEYS, false", "KEYS, true", "KEYS, false",
            "SCAN_MERGED, true", "SCAN_MERGED, false"})
    void ask_streamsComeMeanwhile_endsWithWhatExisted(Asked asked, boolean within) {
        Path beside = disk.besidePath("/log");
        try (StreamWal wal = open(); WalReader reader = within ? wal.reader() : WalReader.open(beside)) {
            EXISTING.forEach(key -> append(wal, key));
            comeBeforeEachCall(wal);
            int found = asked.of(reader);
            disk.meanwhile(0, null);
            assertThat(found).isEqualTo(EXISTING.size());
            assertThat(calls).as("calls").isPositive().isLessThan(MAX_LOOKS);
        }
    }

    private StreamWal open() {
        WalOptions options = WalOptions.builder().clock(() -> Instant.parse("2026-03-01T12:00:00Z")).retention(Duration.ofDays(1))
                .streams("shared*", StreamOptions.builder().segments(Segments.SHARED).build())
                .streams("*", StreamOptions.builder().segments(Segments.OWN).build()).sweepInterval(Duration.ZERO)
                .durability(Durability.BUFFERED).build();
        return SimulatedLog.open(disk.path("/log"), options, "boot", false, new Random(1)::nextLong);
    }

    private void comeBeforeEachCall(StreamWal wal) {
        disk.meanwhile(1, () -> {
            append(wal, "new/" + came++);
            if (++calls < MAX_CALLS) {
                comeBeforeEachCall(wal);
            }
        });
    }

    private static void append(StreamWal wal, String key) {
        long unused = wal.stream(key).append(new byte[9]).position();
    }
}
