package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.ChildJvm;
import dev.streamwal.ManualClock;
import dev.streamwal.Scale;
import dev.streamwal.Storage;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import dev.streamwal.reading.StreamHistory.Appended;
import dev.streamwal.reading.StreamHistory.Removal;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A log is appended to, cut, swept, deleted and reopened, while two threads, one with the log's own reader, and another process read it in
 * every way. What each answer says is compared afterwards with what the streams held while it was given: both sides note the times, by the
 * machine's one monotonic clock. {@code -Dseed=…} does one run again, as far as its threads go; {@code -Dscale=…} multiplies the runs.
 */
@Timeout(1_800)
class ReadModelTest {

    private static final int RUNS = 100;
    private static final int CHANGES = 40;
    private static final List<String> KEYS = List.of("a", "b/c", "d");
    private static final long START_MILLIS = 1_772_366_400_000L;
    private static final int WINDOW_MILLIS = 60_000;
    private static final int RETENTION_MILLIS = 180_000;
    /** Of the newest records, which one stays. */
    private static final int MAX_CUT = 15;

    @TempDir
    Path directory;

    @Test
    void answers_whileTheLogChanges_areExplainedByWhatItHeld() throws Exception {
        Long given = Long.getLong("seed");
        int runs = given != null ? 1 : (int) Math.max(3, Math.round(RUNS * Scale.factor()));
        Process process = ChildJvm.of(List.of("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"), ReadingProcess.class)
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (BufferedReader from = process.inputReader(StandardCharsets.UTF_8);
                PrintStream to = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8)) {
            long answers = 0;
            for (int i = 0; i < runs; i++) {
                long seed = given != null ? given : ThreadLocalRandom.current().nextLong();
                System.out.println("ReadModelTest: -Dseed=" + seed);
                try (Run run = new Run(seed, directory.resolve(Integer.toString(i)))) {
                    answers += run.all(from, to);
                }
            }
            System.out.println("ReadModelTest: " + runs + " runs, " + answers + " answers");
        } finally {
            process.destroyForcibly().waitFor(300, TimeUnit.SECONDS);
        }
    }

    /** A reader of the writing process is closed with its log. */
    private static boolean isOfAClosedLog(Answer answer) {
        return answer.items().stream().anyMatch(item -> item.kind() == Answer.Kind.FAILURE
                && item.text().contains(WalClosedException.class.getSimpleName()));
    }

    private static final class Run implements AutoCloseable {
        private final long seed;
        private final Random random;
        private final Path root;
        private final ManualClock clock = new ManualClock(START_MILLIS);
        private final Map<String, StreamHistory> histories = new HashMap<>();
        /** Numbers of the records behind which a stream may be cut: not in the middle of a batch. */
        private final Set<Long> ends = new HashSet<>();
        private final AtomicBoolean over = new AtomicBoolean();
        private volatile StreamWal wal;
        private long number;

        Run(long seed, Path root) {
            this.seed = seed;
            this.random = new Random(seed);
            this.root = root;
            KEYS.forEach(key -> histories.put(key, new StreamHistory(key)));
            open();
        }

        @Override
        public void close() {
            wal.close();
        }

        int all(BufferedReader from, PrintStream to) throws Exception {
            for (String key : KEYS) {
                append(key, 10);
            }
            Asker within = new Asker(seed + 1, KEYS);
            Asker beside = new Asker(seed + 2, KEYS);
            to.println(root + " " + (seed + 3) + " " + String.join(",", KEYS));
            assertThat(from.readLine()).isEqualTo("open");
            Thread readsWithin = new Thread(() -> readWithin(within), "reads within");
            Thread readsBeside = new Thread(() -> readBeside(beside), "reads beside");
            readsWithin.start();
            readsBeside.start();
            try {
                for (int i = 0; i < CHANGES; i++) {
                    change();
                }
            } finally {
                over.set(true);
                readsWithin.join();
                readsBeside.join();
                to.println("stop");
            }
            List<Answer> answers = new ArrayList<>(within.answers());
            answers.addAll(beside.answers());
            for (String line = from.readLine(); !"done".equals(line); line = from.readLine()) {
                answers.add(Answer.parse(line));
            }
            Explanation explanation = new Explanation(histories);
            answers.removeIf(ReadModelTest::isOfAClosedLog);
            for (Answer answer : answers) {
                assertThat(explanation.wrong(answer)).as("-Dseed=" + seed + ", " + answer.line()).isEmpty();
            }
            return answers.size();
        }

        private void open() {
            WalOptions options = WalOptions.builder().clock(clock).window(Duration.ofMillis(WINDOW_MILLIS))
                    .retention(Duration.ofMillis(RETENTION_MILLIS)).segmentBytes(random.nextBoolean() ? 4 << 10 : 64 << 10)
                    .maxRecordBytes(1_000).ownSegments(random.nextInt(3)).storage(random.nextBoolean() ? Storage.MAPPED : Storage.CHANNEL)
                    .sweepInterval(Duration.ZERO).build();
            wal = StreamWal.open(root, options);
        }

        // ---- reading

        /** Its reader is closed with the log, and opened with the next. */
        private void readWithin(Asker asker) {
            while (!over.get() || asker.answers().size() < ReadingProcess.MIN_ANSWERS) {
                StreamWal writing = wal;
                try (WalReader reader = writing.reader()) {
                    for (int i = 0; i < 20 && writing == wal; i++) {
                        asker.ask(reader);
                    }
                } catch (WalClosedException e) {
                    Thread.onSpinWait();
                }
            }
        }

        private void readBeside(Asker asker) {
            try (WalReader reader = WalReader.open(root, ReaderOptions.builder().mappedReads(true).directScans(true).build())) {
                while (!over.get() || asker.answers().size() < ReadingProcess.MIN_ANSWERS) {
                    asker.ask(reader);
                }
            }
        }

        // ---- changing

        private void change() {
            String key = KEYS.get(random.nextInt(KEYS.size()));
            int n = random.nextInt(100);
            if (n < 40) {
                append(key, 1 + random.nextInt(8));
            } else if (n < 50) {
                appendBatch(key, 2 + random.nextInt(4));
            } else if (n < 65) {
                clock.advance(Duration.ofMillis(random.nextInt(WINDOW_MILLIS)));
            } else if (n < 80) {
                cut(key);
            } else if (n < 86) {
                int unused = wal.pack();
            } else if (n < 93) {
                sweep();
            } else if (n < 96) {
                delete(key);
            } else {
                wal.close();
                open();
            }
        }

        private void append(String key, int records) {
            for (int i = 0; i < records; i++) {
                // now and then late
                long millis = clock.millis() - (random.nextInt(5) == 0 ? random.nextInt(WINDOW_MILLIS) : 0);
                long start = System.nanoTime();
                EntryRef ref = wal.stream(key).append(millis, Content.of(number));
                histories.get(key).appended(List.of(appended(ref, millis, number)), start, System.nanoTime());
                ends.add(number++);
            }
        }

        private void appendBatch(String key, int records) {
            List<WriteEntry> entries = new ArrayList<>();
            long millis = clock.millis();
            for (int i = 0; i < records; i++) {
                entries.add(WriteEntry.of(Content.of(number + i), millis));
            }
            long start = System.nanoTime();
            List<EntryRef> refs = wal.stream(key).appendBatch(entries);
            List<Appended> batch = new ArrayList<>();
            for (EntryRef ref : refs) {
                batch.add(appended(ref, millis, number++));
            }
            histories.get(key).appended(batch, start, System.nanoTime());
            ends.add(number - 1);
        }

        private static Appended appended(EntryRef ref, long millis, long number) {
            return new Appended(ref.key(), ref.position(), ref.size(), millis, number);
        }

        private void cut(String key) {
            List<Appended> records = new ArrayList<>(histories.get(key).now().descendingMap().values());
            int from = random.nextInt(MAX_CUT);
            for (Appended record : records.subList(Math.min(from, records.size()), records.size())) {
                if (ends.contains(record.number())) {
                    List<Long> segments = segments(key);
                    long start = System.nanoTime();
                    wal.stream(key).truncateAfter(new EntryRef(key, record.position(), record.size()));
                    histories.get(key).cutFrom(record.end(), segments, start, System.nanoTime());
                    return;
                }
            }
        }

        private void sweep() {
            Map<String, List<Long>> before = new HashMap<>();
            for (String key : KEYS) {
                before.put(key, segments(key));
            }
            long start = System.nanoTime();
            wal.sweep();
            long end = System.nanoTime();
            for (String key : KEYS) {
                List<Long> left = segments(key);
                histories.get(key).removedBelow(left.isEmpty() ? Long.MAX_VALUE : left.get(0), before.get(key), Removal.SWEPT, start, end);
            }
        }

        private void delete(String key) {
            List<Long> segments = segments(key);
            long start = System.nanoTime();
            wal.delete(key);
            histories.get(key).removedBelow(Long.MAX_VALUE, segments, Removal.DELETED, start, System.nanoTime());
        }

        /** The positions at which they begin. */
        private List<Long> segments(String key) {
            return SegmentPositions.of(root, key);
        }
    }
}
