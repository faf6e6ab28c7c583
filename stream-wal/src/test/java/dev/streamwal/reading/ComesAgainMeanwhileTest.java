package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Durability;
import dev.streamwal.Segments;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import dev.streamwal.simulation.SimulatedDisk;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * A follower has read a stream to its end. Between two of its calls to the disk, a record comes, all of the stream expires, and the stream comes
 * again without knowing where it ended: the follower tells of the record that it hasn't read, wherever it was stopped. Where no record came before,
 * it tells of nothing. One thread, on a simulated disk: every pair of calls is tried.
 */
class ComesAgainMeanwhileTest {

    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final Duration RETENTION = Duration.ofMinutes(10);
    /** More than the follower makes from one look to the next. */
    private static final int CALLS = 80;
    private static final Duration LONG = Duration.ofSeconds(10);

    private final List<String> wrong = new ArrayList<>();
    private Instant now = Instant.parse("2026-03-01T12:00:00Z");

    @Test
    void followOneStream_theGapIsTold() throws Exception {
        assertTold(reader -> reader.follow("a", ReadFrom.first()));
    }

    @Test
    void followAll_theGapIsTold() throws Exception {
        assertTold(reader -> reader.follow(Keys.all(), ReadFrom.first()));
    }

    @Test
    void followOneStream_nothingCameBeforeItExpired_nothingIsTold() throws Exception {
        assertThat(told(reader -> reader.follow("a", ReadFrom.first()), false)).isZero();
    }

    @Test
    void followAll_nothingCameBeforeItExpired_nothingIsTold() throws Exception {
        assertThat(told(reader -> reader.follow(Keys.all(), ReadFrom.first()), false)).isZero();
    }

    private void assertTold(Function<WalReader, EntryTail> follow) throws InterruptedException {
        assertThat(told(follow, true)).isPositive();
        assertThat(wrong).isEmpty();
    }

    private int told(Function<WalReader, EntryTail> follow, boolean comesBefore) throws InterruptedException {
        int told = 0;
        for (int call = 1; call <= CALLS; call++) {
            try (Run run = new Run(comesBefore); WalReader reader = WalReader.open(run.root); EntryTail tail = follow.apply(reader)) {
                run.follow(call, tail);
                told += run.told;
            }
        }
        return told;
    }

    private final class Run implements AutoCloseable {
        private final SimulatedDisk disk = new SimulatedDisk();
        private final Path root = disk.path("/log");
        private StreamWal wal = open();
        private boolean happened;
        private final List<EntryRef> delivered = new ArrayList<>();
        private EntryRef unseen = new EntryRef("a", 0, 32);
        private EntryRef again = unseen;
        private final boolean comesBefore;
        private int told;

        Run(boolean comesBefore) {
            this.comesBefore = comesBefore;
        }

        private StreamWal open() {
            WalOptions options = WalOptions.builder().clock(() -> now).window(WINDOW).retention(RETENTION).segmentBytes(64 << 10)
                    .maxRecordBytes(1_000).streams("*", StreamOptions.builder().segments(Segments.SHARED).build()).sweepInterval(Duration.ZERO).durability(Durability.BUFFERED).build();
            return SimulatedLog.open(root, options, "boot", false, new Random(1)::nextLong);
        }

        private EntryRef append() {
            return wal.stream("a").append(new byte[10]);
        }

        void follow(int call, EntryTail tail) throws InterruptedException {
            EntryRef read = append();
            assertThat(tail.next(LONG)).isTrue();
            assertThat(tail.ref()).isEqualTo(read);
            assertThat(tail.next(Duration.ZERO)).isFalse();
            disk.meanwhile(call, this::comeAndGoAndComeAgain);
            boolean isNews = false;
            while (!happened && !isNews) {
                isNews = next(tail, Duration.ofMillis(1));
            }
            disk.meanwhile(0, null);
            while (!delivered.contains(again)) {
                assertThat(next(tail, LONG)).isTrue();
            }
            if (comesBefore && told == 0 && !delivered.contains(unseen)) {
                wrong.add("before call " + call);
            }
        }

        /** Whether there was a record, or the follower told of the gap. */
        private boolean next(EntryTail tail, Duration timeout) throws InterruptedException {
            try {
                boolean found = tail.next(timeout);
                if (found) {
                    delivered.add(tail.ref());
                }
                return found;
            } catch (EntryExpiredException expired) {
                assertThat(expired.to()).as(expired.getMessage()).isBetween(unseen.end(), again.position());
                told++;
                return true;
            }
        }

        private void comeAndGoAndComeAgain() {
            happened = true;
            if (comesBefore) {
                unseen = append();
            }
            wal.close();
            now = now.plus(RETENTION).plus(WINDOW.multipliedBy(2));
            wal = open();
            SimulatedLog.runBackground(wal);
            int unused = wal.pack();
            assertThat(wal.sweep().failedSegments()).isZero();
            assertThat(wal.keys()).isEmpty();
            again = append();
        }

        @Override
        public void close() {
            wal.close();
        }
    }
}
