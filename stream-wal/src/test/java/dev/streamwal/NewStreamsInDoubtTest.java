package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A shared segment comes and is packed between two looks of a tail, as of a consumer that was opened before the log was opened again. New streams, which
 * nobody has read yet, have lost nothing by that, unless one of them may have been there before.
 */
class NewStreamsInDoubtTest {

    private static final Duration WINDOW = Duration.ofMinutes(10);
    private static final Duration RETENTION = Duration.ofDays(1);
    private static final int KEYS = 5;
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    /** More than a tail reads at a time. */
    private static final int MANY_KEYS = 200;
    /** More than the writer remembers when they have gone, and a tail reads meanwhile. */
    private static final int MORE_KEYS = 1_500;

    @TempDir
    private Path folder;

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
    private StreamWal wal;
    private WalReader reader;

    private StreamWal open() {
        return StreamWal.open(folder.resolve("log"),
                WalOptions.builder().clock(now::get).window(WINDOW).retention(RETENTION).ownSegments(0).sweepInterval(Duration.ZERO).build());
    }

    @BeforeEach
    void openAgain() {
        wal = open();
        append("other");
        reader = WalReader.open(folder.resolve("log"));
        // its start is that of this writer; what is new begins above that when the log was opened again
        reader.consumer("all", Keys.prefix("new/")).close();
        wal.close();
        wal = open();
    }

    @AfterEach
    void close() {
        reader.close();
        wal.close();
    }

    private EntryRef append(String key) {
        return wal.stream(key).append(now.get().toEpochMilli(), "x".getBytes(StandardCharsets.UTF_8));
    }

    private List<EntryRef> appendNew(int keys) {
        List<EntryRef> refs = new ArrayList<>();
        for (int i = 0; i < keys; i++) {
            refs.add(append("new/" + i));
        }
        return refs;
    }

    private void pack() {
        now.set(now.get().plus(WINDOW.multipliedBy(2)));
        append("other");
        int unused = wal.pack();
    }

    /** What a look that comes later can't have seen: a segment that came, and is packed. */
    private void packUnseen() {
        pack();
        pack();
    }

    /** The first call after a while looks before it reads: nothing that came meanwhile is known yet. */
    private static void assertReads(WalConsumer consumer, List<EntryRef> refs) throws InterruptedException {
        List<EntryRef> read = new ArrayList<>();
        while (consumer.entries().next(read.size() < refs.size() ? PATIENCE : Duration.ZERO)) {
            read.add(consumer.entries().ref());
        }
        assertThat(read).containsExactlyInAnyOrderElementsOf(refs);
    }

    @Test
    void foundByTheLookThatHasMissedASegment_isNoLoss() throws InterruptedException {
        try (WalConsumer consumer = reader.consumer("all", Keys.prefix("new/"))) {
            assertReads(consumer, List.of());
            packUnseen();
            assertReads(consumer, appendNew(KEYS));
            assertThat(consumer.possiblyLost()).isEmpty();
            assertThat(consumer.lost()).isEmpty();
        }
    }

    /** A consumer is opened behind many new keys, and hasn't read most of them when one of its looks misses a segment. */
    @Test
    void inPacksWhenTheConsumerWasOpened_isNoLoss() throws InterruptedException {
        List<EntryRef> refs = appendNew(MANY_KEYS);
        pack();
        try (WalConsumer consumer = reader.consumer("all", Keys.prefix("new/"))) {
            assertThat(consumer.entries().next(Duration.ZERO)).isTrue();
            EntryRef first = consumer.entries().ref();
            packUnseen();
            assertReads(consumer, refs.stream().filter(ref -> !ref.equals(first)).toList());
            assertThat(consumer.possiblyLost()).isEmpty();
            assertThat(consumer.lost()).isEmpty();
        }
    }

    /** Where another stream has gone, new ones begin above what the log's start was when the tail knew all streams. */
    @Test
    void foundByThatLook_whereAnotherStreamWasDeleted_isNoLoss() throws InterruptedException {
        try (WalConsumer consumer = reader.consumer("all", Keys.prefix("new/"))) {
            assertReads(consumer, List.of(append("new/deleted")));
            consumer.commitDelivered();
            assertThat(wal.delete("new/deleted")).isTrue();
            packUnseen();
            assertReads(consumer, appendNew(KEYS));
            assertThat(consumer.possiblyLost()).isEmpty();
            assertThat(consumer.lost()).isEmpty();
        }
    }

    private void assertIsLostIf(Runnable streamGoes) throws InterruptedException {
        try (WalConsumer consumer = reader.consumer("all", Keys.prefix("new/"))) {
            assertReads(consumer, List.of());
            EntryRef missed = append("new/1");
            packUnseen();
            streamGoes.run();
            assertThat(wal.keys()).doesNotContain("new/1");
            EntryRef again = append("new/1");
            assertThatThrownBy(() -> consumer.entries().next(Duration.ZERO)).isInstanceOfSatisfying(EntryExpiredException.class, e -> {
                assertThat(e.isCertain()).isTrue();
                assertThat(e.from()).isLessThanOrEqualTo(missed.position());
                assertThat(e.to()).isEqualTo(missed.end());
            });
            assertReads(consumer, List.of(again));
            assertThat(consumer.possiblyLost()).isEmpty();
            assertThat(consumer.lost()).hasSize(1);
        }
    }

    /** The writer that has deleted the stream says where it had ended. */
    @Test
    void cameAndWasDeletedAndCameAgainByTheSameWriter_isALoss() throws InterruptedException {
        assertIsLostIf(() -> assertThat(wal.delete("new/1")).isTrue());
    }

    @Test
    void cameAndExpiredAndCameAgainByTheSameWriter_isALoss() throws InterruptedException {
        assertIsLostIf(() -> {
            now.set(now.get().plus(RETENTION).plus(WINDOW));
            wal.sweep();
        });
    }

    /** A look has seen all keys, but few of them were read: the tail knows of the others, though the writer doesn't any more. */
    @Test
    void seenAndNotReadAndDeletedAndCameAgainBehindTheWritersMemory_isToldOfEach() throws InterruptedException {
        try (WalConsumer consumer = reader.consumer("all", Keys.prefix("new/"))) {
            assertReads(consumer, List.of());
            List<EntryRef> refs = appendNew(MORE_KEYS);
            assertThat(consumer.entries().next(PATIENCE)).isTrue();
            Set<EntryRef> read = new HashSet<>(Set.of(consumer.entries().ref()));
            packUnseen();
            refs.forEach(ref -> assertThat(wal.delete(ref.key())).isTrue());
            // what the writer has forgotten is gone with that
            System.gc();
            Set<EntryRef> again = new HashSet<>(appendNew(MORE_KEYS));
            Set<String> told = new HashSet<>();
            while (!again.isEmpty()) {
                try {
                    assertThat(consumer.entries().next(PATIENCE)).isTrue();
                    read.add(consumer.entries().ref());
                    again.remove(consumer.entries().ref());
                } catch (EntryExpiredException e) {
                    told.add(e.key());
                }
            }
            assertThat(refs).allMatch(ref -> read.contains(ref) || told.contains(ref.key()));
        }
    }

    /** Its first records are of the time between the looks; that there were any, only the missed segment says. */
    @Test
    void cameAndWentAndCameAgainBetweenTwoLooks_isPerhapsALoss() throws InterruptedException {
        try (WalConsumer consumer = reader.consumer("all", Keys.prefix("new/"))) {
            assertReads(consumer, List.of());
            EntryRef missed = append("new/1");
            packUnseen();
            wal.delete("new/1");
            wal.close();
            wal = open();
            EntryRef again = append("new/1");
            assertThatThrownBy(() -> consumer.entries().next(Duration.ZERO)).isInstanceOfSatisfying(EntryExpiredException.class, e -> {
                assertThat(e.isCertain()).isFalse();
                assertThat(e.from()).isLessThanOrEqualTo(missed.position());
                assertThat(e.to()).isBetween(missed.end(), again.position());
            });
            assertReads(consumer, List.of(again));
            assertThat(consumer.possiblyLost()).hasSize(1);
        }
    }
}
