package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Interrupted threads: what they do finishes, they stay interrupted, and nobody else notices. */
abstract class InterruptContract extends LogContract {

    InterruptContract(LogHome home) {
        super(home);
    }

    @AfterEach
    void clearTheFlag() {
        Thread.interrupted();
    }

    private static void assertStillInterrupted(String after) {
        assertThat(Thread.currentThread().isInterrupted()).as("interrupted after " + after).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, MANY})
    void append_interrupted_finishesAndKeepsTheFlag(int before) {
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, before);
        for (int i = 0; i < 200; i++) {
            byte[] content = bytes(700, i);
            Thread.currentThread().interrupt();
            written.add(Written.of(stream.append(content), NOW, content));
            assertStillInterrupted("append");
        }
        assertThat(segmentsOf("s")).hasSizeGreaterThan(2);
        Thread.interrupted();
        assertContiguous(written);
        assertHoldsEverywhere(wal, "s", written);
    }

    @Test
    void everythingElse_interrupted_finishesAndKeepsTheFlag() {
        Thread.currentThread().interrupt();
        StreamWal wal = open();
        assertStillInterrupted("open");
        List<Written> written = appendSome(wal.stream("s"), 3);
        wal.append(new WriteBatch().add("a", WriteEntry.of(bytes("1"))).add("b", WriteEntry.of(bytes("2"))));
        wal.stream("b").appendBatch(List.of(WriteEntry.of(bytes("3")), WriteEntry.of(bytes("4"))));
        clock.advance(WINDOW);
        written.addAll(appendSome(wal.stream("s"), 3));
        assertStillInterrupted("appending");
        for (WalReader reader : List.of(readerOf(wal), reader())) {
            Written.assertHolds(reader, "s", written);
            assertThat(reader.keys()).containsExactly("a", "b", "s");
            assertThat(reader.describe("s")).isPresent();
            assertStillInterrupted("reading");
        }
        wal.checkpoint(home.place("copy"));
        assertStillInterrupted("checkpoint");
        wal.delete("a");
        wal.purge(Keys.key("b"), clock.instant());
        clock.advance(RETENTION);
        wal.sweep();
        wal.stats();
        assertStillInterrupted("sweep");
        wal.close();
        assertStillInterrupted("close");
        StreamWal again = open();
        Thread.interrupted();
        assertHoldsNow(again, "s", written.subList(3, 6));
        try (WalReader copy = WalReader.open(home.place("copy"))) {
            Written.assertHolds(copy, "s", written);
        }
    }

    @Test
    void interruptsInAStorm_duringAppendsAndReads_loseNothing() throws Exception {
        StreamWal wal = open();
        AtomicBoolean done = new AtomicBoolean();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<List<Written>> written = new ArrayList<>();
        List<Thread> victims = new ArrayList<>();
        for (int t = 0; t < 2; t++) {
            List<Written> mine = Collections.synchronizedList(new ArrayList<>());
            written.add(mine);
            int thread = t;
            victims.add(new Thread(() -> {
                try {
                    for (int i = 0; i < 3_000; i++) {
                        byte[] content = bytes(thread + "/" + i + " ".repeat(i % 300));
                        String key = i % 10 == 0 ? "cold" + i % 7 : "busy" + thread;
                        mine.add(Written.of(wal.stream(key).append(NOW, content), NOW, content));
                    }
                } catch (Throwable e) {
                    failure.compareAndSet(null, e);
                }
            }, "test-appender"));
        }
        for (WalReader reader : List.of(readerOf(wal), closing(wal.reader()))) {
            victims.add(new Thread(() -> {
                try {
                    for (int round = 0; !done.get() && failure.get() == null; round++) {
                        List<Written> some = List.copyOf(written.get(round % 2));
                        List<Written> last = some.subList(Math.max(0, some.size() - 300), some.size());
                        try (EntryBatch batch = reader.readBatch(Written.refs(last))) {
                            assertThat(batch.found().stream().map(Written::of).toList()).isEqualTo(last);
                        }
                        if (!last.isEmpty()) {
                            Written one = last.get(0);
                            try (EntryCursor cursor = reader.scanFrom(one.ref().key(), one.ref().position())) {
                                assertThat(cursor.next()).isTrue();
                                assertThat(Written.of(cursor)).isEqualTo(one);
                            }
                            assertThat(reader.latest(one.ref().key()).map(Entry::ref).orElseThrow())
                                    .isGreaterThanOrEqualTo(one.ref());
                        }
                    }
                } catch (Throwable e) {
                    failure.compareAndSet(null, e);
                }
            }, "test-reader"));
        }
        victims.forEach(Thread::start);
        while (victims.get(0).isAlive() || victims.get(1).isAlive()) {
            victims.forEach(Thread::interrupt);
            LockSupport.parkNanos(20_000);
        }
        done.set(true);
        for (Thread victim : victims) {
            victim.join();
        }
        assertThat(failure.get()).isNull();
        List<Written> all = new ArrayList<>(joined(written.get(0), written.get(1)));
        all.sort((x, y) -> x.ref().compareTo(y.ref()));
        for (String key : wal.keys()) {
            List<Written> ofKey = all.stream().filter(one -> one.ref().key().equals(key)).toList();
            assertContiguous(ofKey);
            assertHoldsNow(wal, key, ofKey);
        }
        assertThat(wal.keys()).hasSize(2 + 7);
    }
}
