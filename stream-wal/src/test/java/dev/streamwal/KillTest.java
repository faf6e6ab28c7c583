package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.streamwal.format.RecordLayout;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real second process is killed while it appends. Every call of its that returned is in the log, what was on its way is there whole or
 * not at all, and appending goes on. A log is killed ten times over before the next one is begun; -Dseed says what is appended and about
 * when the kills come, which no seed can repeat to the instruction.
 */
class KillTest {

    private static final int KILLS_PER_LOG = 10;
    /** A kill that comes no later than this after the start hits the opening of the log, too. */
    private static final int MAX_EARLY_MILLIS = 250;
    private static final int KILLED = 128 + 9;
    /** The round's "thread" in which the parent appends. */
    private static final int PARENT = KillScript.THREADS;
    private static final int PARENT_CALLS = 40;
    /** A log is smaller than that after its last kill. */
    private static final long LOG_BYTES = 1L << 30;
    private static final int REFS_PER_BATCH = 4_096;

    private final long seed = Long.getLong("seed", System.nanoTime());
    private final Random random = new Random(seed);

    private final Map<String, LongAdder> repairs = new ConcurrentHashMap<>();
    private final LongAdder bytesCut = new LongAdder();
    private int kills;
    private int beforeFirstAppend;
    private int reopenings;
    private long acknowledged;
    private long recordsScanned;
    private long refsRead;
    private long onTheirWay;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path directory;

    @Test
    void append_processKilledAtRandomMoments_losesNoAcknowledgedRecordAndTearsNone() throws Exception {
        System.out.println("KillTest: -Dseed=" + seed);
        int wanted = (int) Math.max(1, Math.round(100 * ChildJvm.scale()));
        long start = System.nanoTime();
        for (int log = 0; kills < wanted; log++) {
            Storage storage = log % 3 == 2 ? Storage.CHANNEL : Storage.MAPPED;
            // memory forces nothing, which gives the child time for more appends; a disk has other delays
            Path home = log % 2 == 0 ? Files.createDirectory(directory.resolve("log-" + log)) : FastDirectory.create(directory, LOG_BYTES);
            new KilledLog(home, storage, seed + log).killAll(Math.min(KILLS_PER_LOG, wanted - kills));
            FastDirectory.delete(home);
        }
        System.out.printf("KillTest: %d kills (%d before the first append), %d calls acknowledged, %d records scanned, %d read by ref, "
                        + "%d calls found that had not returned, %d reopenings with repairs %s of %d bytes, %d s%n",
                kills, beforeFirstAppend, acknowledged, recordsScanned, refsRead, onTheirWay, reopenings, new TreeMap<>(repairs),
                bytesCut.sum(), TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start));
    }

    /** A call that returned, and where its first record stands. */
    private record Ack(int round, int thread, int number, long position) {

        private long caller() {
            return (long) round << 32 | thread;
        }
    }

    /** One log that is killed again and again. */
    private final class KilledLog {

        private final Path home;
        private final Path root;
        private final Storage storage;
        private final long scriptSeed;
        private final KillScript script;
        private final long originMillis = System.currentTimeMillis();
        /** By stream. */
        private final Map<String, List<Ack>> acks = new HashMap<>();
        /** The number of the last call that returned, by round and thread. */
        private final Map<Long, Integer> lastAcks = new HashMap<>();

        KilledLog(Path home, Storage storage, long scriptSeed) {
            this.home = home;
            this.root = home.resolve("log");
            this.storage = storage;
            this.scriptSeed = scriptSeed;
            this.script = new KillScript(scriptSeed);
        }

        void killAll(int rounds) throws Exception {
            for (int round = 0; round < rounds; round++) {
                kill(round);
                List<Ack> fresh = takeAcks(round);
                if (Files.isDirectory(root)) {
                    readWithoutWriter(fresh);
                    if (round == rounds - 1 || random.nextInt(3) > 0) {
                        // else the next child does all the repairs, and is killed in the middle of them
                        reopen(round);
                    }
                }
            }
        }

        private void kill(int round) throws Exception {
            Path errors = home.resolve("errors-" + round);
            Process child = ChildJvm.of(List.of("-XX:+UseSerialGC", "-Xmx256m"), AppendUntilKilled.class, root.toString(), home.toString(),
                            Integer.toString(round), Long.toString(scriptSeed), Long.toString(originMillis), storage.toString())
                    .redirectError(errors.toFile())
                    .start();
            try (BufferedReader lines = child.inputReader(StandardCharsets.UTF_8)) {
                String line = lines.readLine();
                boolean early = random.nextInt(8) == 0;
                if (early) {
                    Thread.sleep(random.nextInt(MAX_EARLY_MILLIS));
                } else {
                    line = line == null ? null : lines.readLine();
                    Thread.sleep(50 + random.nextInt(400));
                }
                child.destroyForcibly();
                int exit = child.waitFor();
                kills++;
                if (exit != KILLED || line == null || Files.size(errors) > 0) {
                    fail("the child ended by itself: exit=%d, said=%s, %s%n%s", exit, line, this, Files.readString(errors));
                }
            } finally {
                child.destroyForcibly();
            }
        }

        private List<Ack> takeAcks(int round) throws IOException {
            List<Ack> fresh = new ArrayList<>();
            for (int thread = 0; thread < KillScript.THREADS; thread++) {
                Path file = AppendUntilKilled.acks(home, round, thread);
                ByteBuffer bytes = ByteBuffer.wrap(Files.exists(file) ? Files.readAllBytes(file) : new byte[0]);
                for (int number = 0; bytes.remaining() >= AppendUntilKilled.ACK_BYTES; number++) {
                    assertThat(bytes.getInt()).isEqualTo(number);
                    bytes.getInt();
                    fresh.add(new Ack(round, thread, number, bytes.getLong()));
                }
            }
            fresh.forEach(this::add);
            acknowledged += fresh.size();
            beforeFirstAppend += fresh.isEmpty() ? 1 : 0;
            return fresh;
        }

        private void add(Ack ack) {
            acks.computeIfAbsent(script.call(ack.round, ack.thread, ack.number).stream(), stream -> new ArrayList<>()).add(ack);
            lastAcks.merge(ack.caller(), ack.number, Math::max);
        }

        /** As any other process sees it, before anything was repaired: behind a slot that was reserved only refs lead on. */
        private void readWithoutWriter(List<Ack> fresh) {
            try (WalReader reader = WalReader.open(root)) {
                scanAll(reader, false);
                readRefs(reader, fresh);
            }
        }

        private void reopen(int round) {
            WalListener listener = new WalListener() {
                @Override
                public void recovered(RecoveredStream stream) {
                    repairs.computeIfAbsent(stream.decision(), decision -> new LongAdder()).increment();
                    bytesCut.add(stream.bytesCut());
                }

                @Override
                public void backgroundFailure(String task, Optional<String> stream, Throwable failure) {
                    throw new AssertionError(task + " " + stream, failure);
                }
            };
            reopenings++;
            try (StreamWal wal = StreamWal.open(root, KillScript.options(originMillis, storage).listener(listener).build())) {
                try (WalReader reader = wal.reader()) {
                    scanAll(reader, true);
                    List<Ack> more = goOn(wal, round);
                    readRefs(reader, more);
                    more.forEach(this::add);
                }
                assertThat(wal.stats().lastFailure()).isEmpty();
            }
            try (WalReader reader = WalReader.open(root)) {
                scanAll(reader, true);
            }
        }

        private List<Ack> goOn(StreamWal wal, int round) {
            List<Ack> more = new ArrayList<>();
            for (int number = 0; number < PARENT_CALLS; number++) {
                KillScript.Call call = script.call(round, PARENT, number);
                long end = wal.stream(call.stream()).endPosition();
                List<EntryRef> refs = AppendUntilKilled.append(wal, call, KillScript.clock(originMillis).millis());
                assertThat(refs.get(0).position()).as("%s %s", call.stream(), this).isGreaterThanOrEqualTo(end);
                more.add(new Ack(round, PARENT, number, refs.get(0).position()));
            }
            return more;
        }

        private void readRefs(WalReader reader, List<Ack> wanted) {
            List<EntryRef> refs = new ArrayList<>();
            List<KillScript.Item> items = new ArrayList<>();
            for (Ack ack : wanted) {
                KillScript.Call call = script.call(ack.round, ack.thread, ack.number);
                long position = ack.position;
                for (KillScript.Item item : call.items()) {
                    int size = (int) RecordLayout.frameBytes(item.header().length, item.content().length);
                    refs.add(new EntryRef(call.stream(), position, size));
                    items.add(item);
                    position += size;
                }
            }
            for (int from = 0; from < refs.size(); from += REFS_PER_BATCH) {
                List<EntryRef> some = refs.subList(from, Math.min(refs.size(), from + REFS_PER_BATCH));
                try (EntryBatch batch = reader.readBatch(some)) {
                    for (int i = 0; i < some.size(); i++) {
                        if (batch.status(i) != EntryBatch.Status.FOUND) {
                            fail("acknowledged and not there: %s is %s, %s", some.get(i), batch.status(i), this);
                        }
                        Entry entry = batch.get(i);
                        check(items.get(from + i), entry.header(), entry.content(), entry.timestampMillis(), some.get(i).position());
                    }
                }
            }
            refsRead += refs.size();
        }

        /** @param complete whether all that was acknowledged must be found */
        private void scanAll(WalReader reader, boolean complete) {
            Map<Long, Integer> unacknowledged = new HashMap<>();
            if (complete) {
                assertThat(reader.keys()).containsAll(acks.keySet());
            }
            for (String stream : reader.keys()) {
                List<Ack> expected = acks.getOrDefault(stream, new ArrayList<>());
                expected.sort(Comparator.comparingLong(Ack::position));
                try (EntryCursor cursor = reader.scan(stream)) {
                    new StreamCheck(stream, expected, unacknowledged).check(cursor, complete);
                }
            }
            onTheirWay += complete ? unacknowledged.size() : 0;
        }

        /** One stream, from its first record to its last. */
        private final class StreamCheck {

            private final String stream;
            private final List<Ack> expected;
            private final Map<Long, Integer> unacknowledged;
            private final Map<Long, Integer> lastCalls = new HashMap<>();
            private int next;

            StreamCheck(String stream, List<Ack> expected, Map<Long, Integer> unacknowledged) {
                this.stream = stream;
                this.expected = expected;
                this.unacknowledged = unacknowledged;
            }

            void check(EntryCursor cursor, boolean complete) {
                while (cursor.next()) {
                    ByteBuf content = cursor.content();
                    KillScript.Call call = script.call(content.getInt(0), content.getInt(4), content.getInt(8));
                    if (!call.stream().equals(stream)) {
                        fail("a record of another stream: %s in %s, %s", call, cursor.ref(), KilledLog.this);
                    }
                    checkCaller(call, cursor.position(), complete);
                    KilledLog.this.check(call.items().get(0), cursor.header(), content, cursor.timestampMillis(), cursor.position());
                    recordsScanned += call.items().size();
                    for (int i = 1; i < call.items().size(); i++) {
                        long end = cursor.nextPosition();
                        if (!cursor.next() || cursor.position() != end) {
                            fail("a part of a batch: %d of %s in %s, %s", i, call, stream, KilledLog.this);
                        }
                        KilledLog.this.check(call.items().get(i), cursor.header(), cursor.content(), cursor.timestampMillis(),
                                cursor.position());
                    }
                }
                if (complete && next < expected.size()) {
                    fail("acknowledged and not there: %s %s, and %d more, %s", stream, expected.get(next), expected.size() - next - 1,
                            KilledLog.this);
                }
            }

            private void checkCaller(KillScript.Call call, long position, boolean complete) {
                Ack found = new Ack(call.round(), call.thread(), call.number(), position);
                while (!complete && next < expected.size() && expected.get(next).position < position) {
                    fail("a reader that stops at a hole went past an acknowledged record: %s %s, %s", stream, expected.get(next),
                            KilledLog.this);
                }
                if (next < expected.size() && expected.get(next).position <= position) {
                    if (!found.equals(expected.get(next))) {
                        fail("another record than was acknowledged: %s %s for %s, %s", stream, found, expected.get(next), KilledLog.this);
                    }
                    next++;
                } else {
                    int last = lastAcks.getOrDefault(found.caller(), -1);
                    assertThat(found.number).as("calls that didn't return: %s %s %s", stream, found, KilledLog.this).isEqualTo(last + 1);
                    assertThat(unacknowledged.put(found.caller(), found.number)).as("twice: %s %s %s", stream, found, KilledLog.this)
                            .isNull();
                }
                Integer before = lastCalls.put(found.caller(), found.number);
                if (before != null && before >= found.number) {
                    fail("a thread's own order: %s has %d behind %d, %s", stream, found.number, before, KilledLog.this);
                }
            }
        }

        private void check(KillScript.Item item, ByteBuf header, ByteBuf content, long timestampMillis, long position) {
            ByteBuffer.wrap(item.content()).putLong(KillScript.TIMESTAMP, timestampMillis);
            if (!header.nioBuffer().equals(ByteBuffer.wrap(item.header()))
                    || !content.nioBuffer().equals(ByteBuffer.wrap(item.content()))) {
                fail("another record than was appended: position=%d, %s", position, this);
            }
        }

        @Override
        public String toString() {
            return "-Dseed=" + seed + ", " + storage + ", " + root;
        }
    }
}
