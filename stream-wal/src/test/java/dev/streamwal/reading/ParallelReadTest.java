package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamWal;
import dev.streamwal.SweepResult;
import dev.streamwal.WalOptions;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import dev.streamwal.simulation.Call;
import dev.streamwal.simulation.FaultPlan;
import dev.streamwal.simulation.SimulatedDisk;
import io.netty.buffer.ByteBufUtil;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** On a slow disk, a batch that is read by several threads has the records, and throws the failures, of one that is read by one. */
class ParallelReadTest {

    private static final Duration WINDOW = Duration.ofMinutes(10);
    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
    private static final int WINDOWS = 4;
    private static final int STREAMS = 5;
    private static final int RECORDS = 30;
    private static final int THREADS = 4;
    private static final int RUNS = 15;
    private static final int BATCH = 80;
    /** More than any read from memory takes on average. */
    private static final long SLOW_READ_NANOS = 400_000;
    private static final long SEED = Long.getLong("seed", 1);

    private final SimulatedDisk disk = new SimulatedDisk();
    private final Path root = disk.path("/log");
    private final Random random = new Random(SEED);
    private final List<EntryRef> written = new ArrayList<>();
    private final List<EntryRef> deleted = new ArrayList<>();
    /** Of readers that other tests left open. */
    private final Set<Thread> others = readingThreads().collect(Collectors.toSet());
    private StreamWal wal;

    /** Streams with segments of their own, of which the oldest are in packs, and streams that share; one of them has lost its beginning. */
    @BeforeEach
    void write() {
        Instant[] now = {START};
        WalOptions options = WalOptions.builder().clock(() -> now[0]).window(WINDOW).retention(Duration.ofDays(1)).segmentBytes(64 << 10)
                .maxRecordBytes(1_000).ownSegments(2).sweepInterval(Duration.ZERO).build();
        wal = SimulatedLog.open(root, options, "boot", false, new Random(1)::nextLong);
        for (int window = 0; window < WINDOWS; window++) {
            for (int i = 0; i < RECORDS; i++) {
                for (int stream = 0; stream < STREAMS; stream++) {
                    // the larger ones lie further apart than one read reaches
                    byte[] content = new byte[random.nextInt(5) == 0 ? 900 : 10];
                    random.nextBytes(content);
                    written.add(wal.stream("s" + stream).append(now[0].toEpochMilli(), content));
                }
            }
            SimulatedLog.runBackground(wal);
            now[0] = now[0].plus(WINDOW);
            if (window == WINDOWS / 2) {
                int unused = wal.pack();
            }
        }
        deleteBeginning("s0");
    }

    private void deleteBeginning(String key) {
        Instant end = START.plus(WINDOW);
        SweepResult unused = wal.purge(Keys.key(key), end);
        written.stream().filter(ref -> ref.key().equals(key)).limit(RECORDS).forEach(deleted::add);
    }

    @AfterEach
    void close() {
        disk.failing(FaultPlan.NONE);
        disk.readsTake(0);
        wal.close();
    }

    private WalReader reader(int parallelReads) {
        // without gaps, so that a batch has many reads
        return WalReader.open(root, ReaderOptions.builder().parallelReads(parallelReads).mergeGapBytes(0).build());
    }

    private List<EntryRef> batch() {
        List<EntryRef> refs = new ArrayList<>();
        for (int i = 0; i < BATCH; i++) {
            EntryRef ref = written.get(random.nextInt(written.size()));
            refs.add(switch (random.nextInt(12)) {
                case 0 -> new EntryRef(ref.key(), ref.position() + 8, ref.size());
                case 1 -> new EntryRef(ref.key(), ref.position() + (1 << 20), ref.size());
                case 2 -> new EntryRef("unknown" + random.nextInt(3), ref.position(), ref.size());
                case 3 -> refs.isEmpty() ? ref : refs.get(random.nextInt(refs.size()));
                case 4 -> deleted.get(random.nextInt(deleted.size()));
                default -> ref;
            });
        }
        return refs;
    }

    private static List<String> answers(EntryBatch batch, int refs) {
        List<String> answers = new ArrayList<>();
        for (int i = 0; i < refs; i++) {
            String content = batch.status(i) == EntryBatch.Status.FOUND ? ByteBufUtil.hexDump(batch.get(i).content()) : "";
            answers.add(batch.status(i) + " " + content);
        }
        return answers;
    }

    /** What it throws, or what it found. */
    private static List<String> read(WalReader reader, List<EntryRef> refs) {
        try (EntryBatch batch = reader.readBatch(refs)) {
            return answers(batch, refs.size());
        } catch (WalException e) {
            return List.of("thrown: " + e.getClass() + " " + e.getMessage());
        }
    }

    /** Whether a reader of this test has threads. */
    private boolean isReading() {
        return readingThreads().anyMatch(thread -> !others.contains(thread));
    }

    private static Stream<Thread> readingThreads() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith("stream-wal-read-"));
    }

    @Test
    void readBatch_onASlowDisk_isAsByOneThread() {
        for (int run = 0; run < RUNS; run++) {
            List<EntryRef> refs = batch();
            try (WalReader one = reader(1); WalReader several = reader(THREADS)) {
                disk.readsTake(0);
                List<String> expected = read(one, refs);
                disk.readsTake(SLOW_READ_NANOS);
                assertThat(read(several, refs)).as("run %d of -Dseed=%d: %s", run, SEED, refs).isEqualTo(expected);
                assertThat(isReading()).isTrue();
            }
            assertThat(isReading()).isFalse();
        }
    }

    @Test
    void readBatch_onASlowDiskOneThread_startsNoThread() {
        disk.readsTake(SLOW_READ_NANOS);
        try (WalReader one = reader(1)) {
            assertThat(read(one, batch())).hasSize(BATCH);
            assertThat(isReading()).isFalse();
        }
    }

    /** Each read fails that concerns a file: one thread and several throw the same. */
    @Test
    void readBatch_aFileCannotBeRead_throwsAsByOneThread() {
        int thrown = 0;
        for (int run = 0; run < RUNS; run++) {
            List<EntryRef> refs = batch();
            String file = List.of("s1/", "s4/", "pack$", "%shared/", "streams").get(random.nextInt(5));
            disk.readsTake(0);
            List<String> expected = readFailing(1, refs, file, Integer.MAX_VALUE);
            disk.readsTake(SLOW_READ_NANOS);
            assertThat(readFailing(THREADS, refs, file, Integer.MAX_VALUE)).as("run %d of -Dseed=%d: %s", run, SEED, refs).isEqualTo(expected);
            thrown += expected.get(0).startsWith("thrown") ? 1 : 0;
        }
        assertThat(thrown).isPositive();
    }

    private List<String> readFailing(int parallelReads, List<EntryRef> refs, String file, int times) {
        try (WalReader reader = reader(parallelReads)) {
            disk.failing(new FaultPlan(0, EnumSet.of(Call.READ), file, 1, times, FaultPlan.Failure.IO_ERROR));
            return read(reader, refs);
        } finally {
            disk.failing(FaultPlan.NONE);
        }
    }

    /** One read fails once, on whichever thread: the answer is the same, or the failure is thrown. */
    @Test
    void readBatch_oneReadFails_theAnswerIsTheSameOrTheFailureIsThrown() {
        List<EntryRef> refs = batch();
        List<String> expected;
        try (WalReader one = reader(1)) {
            expected = read(one, refs);
        }
        disk.readsTake(SLOW_READ_NANOS);
        int thrown = 0;
        List<Integer> reads = new ArrayList<>();
        for (int nth = 1; nth <= BATCH; nth++) {
            reads.add(nth);
        }
        Collections.shuffle(reads, random);
        for (int nth : reads.subList(0, RUNS)) {
            try (WalReader several = reader(THREADS)) {
                disk.failing(new FaultPlan(0, EnumSet.of(Call.READ), "", nth, 1, FaultPlan.Failure.IO_ERROR));
                List<String> found = read(several, refs);
                boolean isThrown = found.get(0).startsWith("thrown: " + WalIOException.class);
                if (!isThrown) {
                    assertThat(found).as("read %d fails", nth).isEqualTo(expected);
                }
                thrown += isThrown ? 1 : 0;
            } finally {
                disk.failing(FaultPlan.NONE);
            }
        }
        assertThat(thrown).isPositive();
    }
}
