package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A merged scan reads more than its streams' copies may take, so each is closed with its next record in a pack, and opened there again. The packs are merged and
 * deleted meanwhile.
 */
class MergedWhilePackingTest {

    private static final int STREAMS = 1_000;
    private static final int RECORDS = 2;
    /** As a merged scan has it. */
    private static final long MAX_HELD_BYTES = Math.min(128 << 20, Runtime.getRuntime().maxMemory() / 16);
    /** The copy of one record is within a stream's share; those of two aren't. */
    private static final int RECORD_BYTES = (int) (MAX_HELD_BYTES / STREAMS / 10 * 6);

    @TempDir
    Path root;

    private Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void next_packsAreMergedWhileItsStreamsRestInThem_findsAllInOrder() throws IOException {
        WalOptions options = WalOptions.builder().ownSegments(0).retention(Duration.ofDays(10)).sweepInterval(Duration.ZERO).clock(() -> now).build();
        try (StreamWal wal = StreamWal.open(root, options); WalReader reader = WalReader.open(root)) {
            byte[] content = new byte[RECORD_BYTES];
            for (int r = 0; r < RECORDS; r++) {
                for (int i = 0; i < STREAMS; i++) {
                    wal.stream("m/" + i).append(content);
                    now = now.plusMillis(1);
                }
                wal.sync();
                wal.pack();
            }
            Set<Path> packs = packs();
            Set<String> found = new HashSet<>();
            long last = Long.MIN_VALUE;
            try (EntryCursor cursor = reader.scanMerged(Keys.prefix("m/"), Instant.MIN, Instant.MAX)) {
                for (int i = 0; i < STREAMS * RECORDS; i++) {
                    assertThat(cursor.next()).isTrue();
                    assertThat(cursor.timestampMillis()).isGreaterThan(last);
                    last = cursor.timestampMillis();
                    assertThat(found.add(cursor.ref().toString())).isTrue();
                    if (i == STREAMS / 2) {
                        now = now.plus(Duration.ofDays(3));
                        wal.pack();
                        assertThat(packs()).isNotEmpty().doesNotContainAnyElementsOf(packs);
                    }
                }
                assertThat(cursor.next()).isFalse();
            }
        }
    }

    private Set<Path> packs() throws IOException {
        try (Stream<Path> files = Files.list(root.resolve("packs"))) {
            return new HashSet<>(files.filter(each -> each.toString().endsWith(".pack")).toList());
        }
    }
}
