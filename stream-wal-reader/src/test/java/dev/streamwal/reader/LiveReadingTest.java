package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.catalog.WriterView;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.segment.SegmentWriterForTests;
import dev.streamwal.segment.SegmentWriterForTests.Written;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Reading while somebody writes: in the writing process, and beside it. */
@Timeout(300)
class LiveReadingTest {

    private static final String KEY = "k";

    @TempDir
    private Path root;

    private static final class Writer implements WriterView {
        final AtomicLong reserved = new AtomicLong();
        final Set<Long> abandoned = ConcurrentHashMap.newKeySet();
        volatile boolean finished;

        @Override
        public OptionalLong reservedEnd(String key) {
            return key.equals(KEY) ? OptionalLong.of(reserved.get()) : OptionalLong.empty();
        }

        @Override
        public boolean abandoned(String key, long position) {
            return abandoned.contains(position);
        }

        @Override
        public boolean unfinished(String key, long position) {
            return !finished;
        }
    }

    private final Writer writer = new Writer();

    private WalReader reader() {
        return WalReader.open(root, ReaderOptions.builder().build(), writer);
    }

    @Test
    void next_reservedSlotInTheWritingProcess_isWaitedFor() throws Exception {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY);
        segment.append(1, "a");
        int end = segment.tail();
        segment.prepare(200).write();
        Written late = segment.append(1, "b");
        writer.reserved.set(segment.end());
        try (WalReader reader = reader(); EntryCursor cursor = reader.scan(KEY)) {
            assertThat(cursor.next()).isTrue();
            CompletableFuture<Boolean> waiting = CompletableFuture.supplyAsync(cursor::next);
            Thread.sleep(50);
            assertThat(waiting).isNotDone();
            segment.write();
            assertThat(waiting.get(300, TimeUnit.SECONDS)).isTrue();
            assertThat(cursor.ref()).isEqualTo(late.ref());
            assertThat(cursor.next()).isFalse();
            assertThat(end).isLessThan(segment.tail());
        }
    }

    /** It was cut off while it was waited for, or its segment was deleted, and nothing will ever be published there. */
    @Test
    void next_reservedSlotOfASegmentThatIsFinished_isTheEnd() {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY);
        segment.append(1, "a");
        segment.prepare(200).write();
        writer.reserved.set(segment.end() + 64);
        writer.finished = true;
        try (WalReader reader = reader(); EntryCursor cursor = reader.scan(KEY); EntryCursor back = reader.scanBackward(KEY, Long.MAX_VALUE)) {
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.next()).isFalse();
            assertThat(back.next()).isTrue();
            assertThat(back.next()).isFalse();
            assertThat(reader.latest(KEY).orElseThrow().ref()).isEqualTo(segment.refs().get(0));
        }
    }

    @Test
    void next_interruptedWhileItWaits_waitsOnAndKeepsTheFlag() throws Exception {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY);
        segment.prepare(200).write();
        segment.append(1, "b");
        writer.reserved.set(segment.end());
        AtomicBoolean found = new AtomicBoolean();
        AtomicBoolean flag = new AtomicBoolean();
        try (WalReader reader = reader(); EntryCursor cursor = reader.scan(KEY)) {
            Thread thread = new Thread(() -> {
                found.set(cursor.next());
                flag.set(Thread.currentThread().isInterrupted());
            }, "waiting reader");
            thread.start();
            for (int i = 0; i < 20; i++) {
                Thread.sleep(2);
                thread.interrupt();
            }
            segment.write();
            thread.join();
            assertThat(found).isTrue();
            assertThat(flag).isTrue();
        }
    }

    @Test
    void next_abandonedSlot_isToldOnceAndTheScanGoesOn() {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY);
        segment.append(1, "a");
        long abandoned = segment.end();
        segment.hole(64).append(1, "c");
        segment.prepare(64).write();
        writer.reserved.set(segment.end());
        writer.abandoned.add(abandoned);
        try (WalReader reader = reader(); EntryCursor cursor = reader.scan(KEY)) {
            assertThat(cursor.next()).isTrue();
            assertThatThrownBy(cursor::next).isInstanceOfSatisfying(WalIOException.class,
                    e -> assertThat(e.position()).isEqualTo(abandoned));
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.ref()).isEqualTo(segment.refs().get(1));
            assertThat(cursor.next()).isFalse();
        }
    }

    @Test
    void next_abandonedLastSlot_isToldOnceAndTheScanEnds() {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY);
        segment.append(1, "a");
        long abandoned = segment.end();
        segment.hole(64).prepare(64).write();
        writer.reserved.set(segment.end());
        writer.abandoned.add(abandoned);
        try (WalReader reader = reader(); EntryCursor cursor = reader.scan(KEY)) {
            assertThat(cursor.next()).isTrue();
            assertThatThrownBy(cursor::next).isInstanceOf(WalIOException.class);
            assertThat(cursor.next()).isFalse();
            assertThat(cursor.next()).isFalse();
        }
    }

    @Test
    void next_damageBelowWhatIsReserved_isCorrupt() {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY);
        segment.append(1, "a");
        segment.flip(segment.tail() - 8, 1).prepare(64).write();
        writer.reserved.set(segment.end());
        try (WalReader reader = reader(); EntryCursor cursor = reader.scan(KEY)) {
            assertThatThrownBy(cursor::next).isInstanceOf(CorruptSegmentException.class);
            assertThat(cursor.next()).isFalse();
        }
    }

    @Test
    void next_writerClosed_readsAsAnotherProcessWould() {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, "closed");
        segment.append(1, "a");
        segment.hole(64).append(1, "c");
        segment.flip(segment.tail() - 8, 1).markLast().prepare(64).write();
        SegmentWriterForTests marked = SegmentWriterForTests.first(root, "marked");
        marked.append(1, "a");
        marked.markLast().flip(marked.tail() - 8, 1).prepare(64).write();
        try (WalReader reader = reader(); EntryCursor cursor = reader.scan("closed"); EntryCursor other = reader.scan("marked")) {
            assertThat(cursor.next()).isTrue();
            assertThatThrownBy(cursor::next).as("the mark is behind the hole, and damaged").isInstanceOf(CorruptSegmentException.class);
            assertThat(cursor.next()).isFalse();
            assertThatThrownBy(other::next).isInstanceOf(CorruptSegmentException.class);
            assertThat(other.next()).isFalse();
        }
    }

    @Test
    void latest_inTheWritingProcess_waitsForWhatIsReserved() throws Exception {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY);
        segment.append(1, "a");
        segment.prepare(200).write();
        Written late = segment.append(1, "b");
        writer.reserved.set(segment.end());
        try (WalReader reader = reader()) {
            CompletableFuture<Entry> waiting = CompletableFuture.supplyAsync(() -> reader.latest(KEY).orElseThrow());
            Thread.sleep(20);
            segment.write();
            assertThat(waiting.get(300, TimeUnit.SECONDS).ref()).isEqualTo(late.ref());
        }
    }

    /** Frames by positional write in small pieces, their ends first: the worst that a reader beside the writer can see. */
    @Test
    void scan_besideAPiecemealWriter_neverSeesGarbageOrDamage() throws Exception {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY).write();
        int start = segment.tail();
        Random random = new Random(5);
        int records = 2_000;
        for (int i = 0; i < records; i++) {
            segment.append(i, new byte[random.nextInt(20)], new byte[random.nextInt(3_000)]);
        }
        byte[] all = segment.bytes();
        AtomicBoolean done = new AtomicBoolean();
        Thread thread = new Thread(() -> {
            try (FileChannel channel = FileChannel.open(segment.file(), StandardOpenOption.WRITE)) {
                int at = start;
                for (Written record : segment.written()) {
                    int size = record.ref().size();
                    int half = size / 2;
                    channel.write(ByteBuffer.wrap(all, at + half, size - half), at + half);
                    channel.write(ByteBuffer.wrap(all, at, half), at);
                    at += size;
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } finally {
                done.set(true);
            }
        }, "piecemeal writer");
        List<EntryRef> seen = new ArrayList<>();
        try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scan(KEY)) {
            thread.start();
            boolean last = false;
            while (true) {
                while (cursor.next()) {
                    seen.add(cursor.ref());
                }
                if (last) {
                    break;
                }
                last = done.get();
            }
        }
        thread.join();
        assertThat(seen).isEqualTo(segment.refs());
    }

    /** Segments are made, sealed, rotated and swept as fast as can be while they are read. */
    @Test
    void scan_whileSegmentsComeAndGo_isInOrderAndNeverGarbage() throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        Thread thread = new Thread(() -> {
            try {
                ArrayDeque<SegmentWriterForTests> live = new ArrayDeque<>();
                SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY);
                long number = 0;
                for (int n = 0; n < 300; n++) {
                    segment.prepare(4_096).write();
                    for (int i = 0; i < 20; i++) {
                        segment.append(number, new byte[0], contentOf(number));
                        number++;
                        if (i % 5 == 0) {
                            segment.write();
                        }
                    }
                    segment.write();
                    live.add(segment);
                    SegmentWriterForTests next = segment.successor();
                    next.prepare(4_096).write();
                    segment.seal().write();
                    segment = next;
                    if (live.size() > 3) {
                        live.remove().delete();
                    }
                }
            } catch (Throwable e) {
                failures.add(e);
            } finally {
                done.set(true);
            }
        }, "writer and sweeper");
        long overtaken = 0;
        long seen = 0;
        try (WalReader reader = WalReader.open(root)) {
            EntryCursor cursor = reader.scan(KEY);
            thread.start();
            long last = -1;
            boolean ended = false;
            while (true) {
                try {
                    while (cursor.next()) {
                        long number = cursor.timestampMillis();
                        assertThat(number).isGreaterThan(last);
                        assertThat(cursor.copy().contentBytes()).isEqualTo(contentOf(number));
                        last = number;
                        seen++;
                        if (seen % 100 == 0) {
                            reader.latest(KEY).ifPresent(entry ->
                                    assertThat(entry.contentBytes()).isEqualTo(contentOf(entry.timestampMillis())));
                            long position = cursor.position();
                            cursor.close();
                            cursor = reader.scanFrom(KEY, position);
                            last--;
                        }
                    }
                } catch (EntryExpiredException e) {
                    overtaken++;
                    continue;
                }
                if (ended) {
                    break;
                }
                ended = done.get();
            }
            assertThat(last).isEqualTo(300 * 20 - 1);
            cursor.close();
        }
        thread.join();
        assertThat(failures).isEmpty();
        assertThat(seen).isPositive();
        assertThat(overtaken).isGreaterThanOrEqualTo(0);
    }

    private static byte[] contentOf(long number) {
        byte[] content = new byte[(int) (number * 37 % 900)];
        new Random(number).nextBytes(content);
        return content;
    }

    @Test
    void readers_interruptStorm_loseNothingAndKeepTheirFlags() throws Exception {
        SegmentWriterForTests segment = SegmentWriterForTests.first(root, KEY).fill(2_000, 100, 0).markLast().seal().write();
        List<EntryRef> refs = segment.refs();
        try (WalReader reader = WalReader.open(root)) {
            AtomicBoolean stop = new AtomicBoolean();
            AtomicLong batches = new AtomicLong();
            AtomicLong flags = new AtomicLong();
            List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
            List<Thread> threads = new ArrayList<>();
            for (int n = 0; n < 4; n++) {
                int seed = n;
                Thread thread = new Thread(() -> {
                    Random random = new Random(seed);
                    try {
                        while (!stop.get()) {
                            int from = random.nextInt(1_900);
                            try (EntryBatch batch = reader.readBatch(refs.subList(from, from + 100))) {
                                assertThat(batch.found()).hasSize(100);
                            }
                            try (EntryCursor cursor = reader.scanFrom(KEY, refs.get(from).position())) {
                                for (int i = 0; i < 50; i++) {
                                    assertThat(cursor.next()).isTrue();
                                }
                            }
                            batches.incrementAndGet();
                            flags.addAndGet(Thread.interrupted() ? 1 : 0);
                        }
                    } catch (Throwable e) {
                        failures.add(e);
                    }
                }, "reader " + n);
                threads.add(thread);
                thread.start();
            }
            Random random = new Random(9);
            // until each side has had its turn, however busy the machine is
            for (int i = 0; (i < 20_000 || batches.get() == 0 || flags.get() == 0) && failures.isEmpty(); i++) {
                // two of them are never interrupted, and must not notice
                threads.get(random.nextInt(2)).interrupt();
                if (i % 50 == 0) {
                    Thread.sleep(1);
                }
            }
            stop.set(true);
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(failures).isEmpty();
            assertThat(batches.get()).isPositive();
            assertThat(flags.get()).as("the interrupted threads see that they were").isPositive();
            assertThat(reader.openFiles()).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void reader_manySegmentsFewFiles_keepsToItsBound() {
        List<EntryRef> refs = new ArrayList<>();
        for (int n = 0; n < 200; n++) {
            SegmentWriterForTests segment = SegmentWriterForTests.first(root, "stream " + n);
            segment.append(1, "a");
            segment.write();
            refs.addAll(segment.refs());
        }
        try (WalReader reader = WalReader.open(root, ReaderOptions.builder().maxOpenFiles(10).build())) {
            for (int round = 0; round < 3; round++) {
                try (EntryBatch batch = reader.readBatch(refs)) {
                    assertThat(batch.found()).hasSize(200);
                }
                assertThat(reader.openFiles()).isBetween(1, 10);
            }
        }
    }
}
