package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A stream in shared segments is deleted by hand before a tail has read its last record, and the log is opened again before the stream comes again. Its new
 * records don't say any more where it had ended.
 */
class DeletedUnreadTest {

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @TempDir
    private Path folder;

    private StreamWal open() {
        return StreamWal.open(folder.resolve("log"), WalOptions.builder().ownSegments(0).sweepInterval(Duration.ZERO).build());
    }

    private static EntryRef append(StreamWal wal) {
        return wal.stream("a").append("x".getBytes(StandardCharsets.UTF_8));
    }

    private EntryRef appended() {
        try (StreamWal wal = open()) {
            return append(wal);
        }
    }

    private void assertIsTold(Keys keys) throws InterruptedException {
        EntryRef read = appended();
        try (WalReader reader = WalReader.open(folder.resolve("log")); EntryTail tail = reader.follow(keys, ReadFrom.first())) {
            assertThat(tail.next(PATIENCE)).isTrue();
            assertThat(tail.next()).isFalse();
            EntryRef unread;
            try (StreamWal wal = open()) {
                unread = append(wal);
                assertThat(wal.delete("a")).isTrue();
            }
            EntryRef again = appended();
            assertThatThrownBy(() -> tail.next(PATIENCE)).isInstanceOfSatisfying(EntryExpiredException.class, expired -> {
                assertThat(expired.from()).isEqualTo(read.end());
                assertThat(expired.to()).isGreaterThanOrEqualTo(unread.end()).isLessThanOrEqualTo(again.position());
            });
            assertThat(tail.next(PATIENCE)).isTrue();
            assertThat(tail.ref()).isEqualTo(again);
        }
    }

    @Test
    void aTailOfOneStream_isTold() throws InterruptedException {
        assertIsTold(Keys.key("a"));
    }

    @Test
    void aTailOfManyStreams_isTold() throws InterruptedException {
        assertIsTold(Keys.all());
    }

    /** What was read before it was deleted isn't told of. */
    @Test
    void afterAllWasRead_isNotTold() throws InterruptedException {
        EntryRef first = appended();
        try (WalReader reader = WalReader.open(folder.resolve("log")); EntryTail tail = reader.follow(Keys.all(), ReadFrom.first())) {
            assertThat(tail.next(PATIENCE)).isTrue();
            assertThat(tail.ref()).isEqualTo(first);
            try (StreamWal wal = open()) {
                EntryRef second = append(wal);
                assertThat(tail.next(PATIENCE)).isTrue();
                assertThat(tail.ref()).isEqualTo(second);
                assertThat(tail.next()).isFalse();
                assertThat(wal.delete("a")).isTrue();
                assertThat(tail.next(Duration.ofMillis(20))).isFalse();
            }
            EntryRef again = appended();
            assertThat(tail.next(PATIENCE)).isTrue();
            assertThat(tail.ref()).isEqualTo(again);
        }
    }

    /** Records that were cut off the end aren't lost: they were to go. The tail goes on without a word. */
    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    void ofRecordsThatWereCutOffUnread_goesOn(boolean many, boolean reopened) throws InterruptedException {
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
