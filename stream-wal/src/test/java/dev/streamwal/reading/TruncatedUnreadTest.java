package dev.streamwal.reading;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Records that were cut off the end of a stream that shares, before a tail had read them, aren't lost: they were to go. The tail goes on without a word. */
class TruncatedUnreadTest {

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @TempDir
    private Path folder;

    private StreamWal open() {
        return StreamWal.open(folder.resolve("log"), WalOptions.builder().ownSegments(0).sweepInterval(Duration.ZERO).build());
    }

    private static EntryRef append(StreamWal wal) {
        return wal.stream("a").append("x".getBytes(UTF_8));
    }

    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    void tail_ofRecordsThatWereCutOffUnread_goesOn(boolean many, boolean reopened) throws InterruptedException {
        StreamWal wal = open();
        EntryRef read = append(wal);
        try (WalReader reader = WalReader.open(folder.resolve("log"));
                EntryTail tail = reader.follow(many ? Keys.all() : Keys.key("a"), ReadFrom.first())) {
            assertThat(tail.next(PATIENCE)).isTrue();
            assertThat(tail.next()).isFalse();
            append(wal);
            append(wal);
            wal.stream("a").truncateAfter(read);
            assertThat(tail.next(Duration.ofMillis(20))).isFalse();
            if (reopened) {
                wal.close();
                wal = open();
            }
            EntryRef again = append(wal);
            assertThat(tail.next(PATIENCE)).isTrue();
            assertThat(tail.ref()).isEqualTo(again);
            assertThat(tail.next()).isFalse();
        } finally {
            wal.close();
        }
    }
}
