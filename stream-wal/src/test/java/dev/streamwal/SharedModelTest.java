package dev.streamwal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.engine.Environment;
import dev.streamwal.error.WalException;
import dev.streamwal.keys.MasterKeys;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Streams go from segments of their own to shared ones and back, as the options say that change with each opening; meanwhile they are appended to,
 * packed, moved to a tier, swept, purged, cut, erased and deleted. What readers find is what a list of all that was appended says. {@code -Dseed=…} does one run again.
 */
class SharedModelTest {

    private static final int OPERATIONS = Scale.ofOneRun(2_000);
    private static final int RUNS = 8;
    private static final Duration WINDOW = Duration.ofSeconds(10);
    private static final Duration RETENTION = Duration.ofSeconds(60);
    private static final int MAX_LATE_MILLIS = 9_000;

    private static final MasterKeys KEYS_OF_LOG = MasterKeysForTests.ring("a");

    @TempDir
    Path directory;

    @Test
    void operations_ownAndShared_leaveWhatTheModelHas() {
        Long given = Long.getLong("seed");
        int runs = given != null ? 1 : (int) Math.max(1, Math.round(RUNS * Scale.factor()));
        for (int i = 0; i < runs; i++) {
            long seed = given != null ? given : ThreadLocalRandom.current().nextLong();
            System.out.println("SharedModelTest: -Dseed=" + seed);
            try (Run run = new Run(seed, directory.resolve(Long.toString(seed)))) {
                run.all();
                run.appendEncrypted();
            }
            // by what was drawn, nothing else may be encrypted, or left
            assertThat(new NonceLedger().add(directory.resolve(Long.toString(seed))).keys()).isPositive();
        }
    }

    /** @param windowEnd of the window that it is in */
    private record Appended(EntryRef ref, long timestampMillis, long windowEnd, String content) {}

    private static final class Stream {
        final List<Appended> records = new ArrayList<>();
        long windowEnd = Long.MIN_VALUE;
        /** What ends at or before it may be gone. */
        long goneBefore = Long.MIN_VALUE;

        void deleted() {
            records.clear();
            windowEnd = Long.MIN_VALUE;
        }
    }

    private static final class Run implements AutoCloseable {
        private final long seed;
        private final Random random;
        private final Path root;
        private final long windowMillis;
        /** Beside the log; half of the logs have none. */
        private final Optional<Path> tier;
        private int tiered;
        private final Map<String, Stream> model = new TreeMap<>();
        private final Queue<String> failures = new ConcurrentLinkedQueue<>();
        private long nowMillis = Instant.parse("2026-03-01T00:00:00Z").toEpochMilli();
        private int number;
        private StreamWal wal;
        private String doing = "";

        Run(long seed, Path root) {
            this.seed = seed;
            this.random = new Random(seed);
            this.root = root;
            // where windows are short beside the retention, packs of several become one
            this.windowMillis = random.nextBoolean() ? WINDOW.toMillis() : RETENTION.toMillis() / (128 + random.nextInt(400));
            this.tier = random.nextBoolean() ? Optional.of(made(root.resolveSibling(root.getFileName() + "-tier"))) : Optional.empty();
            open();
        }

        private static Path made(Path folder) {
            try {
                return Files.createDirectories(folder);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() {
            wal.close();
        }

        private void open() {
            Segments[] choices = Segments.values();
            WalOptions.Builder options = WalOptions.builder().clock(() -> Instant.ofEpochMilli(nowMillis)).window(Duration.ofMillis(windowMillis)).retention(RETENTION)
                    .segmentBytes(random.nextBoolean() ? 16 << 10 : 64 << 10).sweepInterval(Duration.ZERO)
                    .storage(random.nextBoolean() ? Storage.MAPPED : Storage.CHANNEL).ownSegments(random.nextInt(4))
                    .listener(new WalListener() {
                        @Override
                        public void onFailure(String task, Optional<String> stream, Throwable failure) {
                            failure.printStackTrace();
                            failures.add(task + " " + stream + " " + failure);
                        }
                    });
            options.encryption(KEYS_OF_LOG);
            tier.ifPresent(folder -> options.tier(folder).tierAfter(Duration.ofMillis(random.nextInt(20_000))));
            options.streams("a*", StreamOptions.builder().segments(choices[random.nextInt(choices.length)]).encrypted(random.nextBoolean()).build());
            options.streams("b*", StreamOptions.builder().segments(choices[random.nextInt(choices.length)]).encrypted(random.nextBoolean()).build());
            options.streams("c*", StreamOptions.builder().encrypted(random.nextBoolean()).build());
            options.streams("z*", StreamOptions.builder().encrypted(true).build());
            WalOptions built = options.build();
            wal = StreamWal.open(root, built, Environment.ofThisMachine(built.storage().kind()).withMaxIdleStreams(random.nextInt(2) * 1_000));
        }

        void appendEncrypted() {
            long unused = wal.stream("z").append(nowMillis, new byte[] {1}).position();
        }

        void all() {
            try {
                for (int i = 0; i < OPERATIONS; i++) {
                    step();
                    if (i % 20 == 0) {
                        compare();
                    }
                    assertThat(failures).isEmpty();
                }
                compare();
                assertThat(tier.isEmpty() || tiered > 0 || !Scale.hasWholeRuns()).as("packs went to the tier, if there is one").isTrue();
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("-Dseed=" + seed + ", " + doing + ": " + e, e);
            }
        }

        private String key() {
            return (random.nextBoolean() ? "a" : random.nextBoolean() ? "b" : "c") + random.nextInt(3);
        }

        private void step() {
            String key = key();
            Stream stream = model.computeIfAbsent(key, unused -> new Stream());
            int n = random.nextInt(1_000);
            if (n < 600) {
                doing = "append " + key;
                append(key, stream, 1 + random.nextInt(4), false);
            } else if (n < 700) {
                doing = "append a batch " + key;
                append(key, stream, 2 + random.nextInt(4), true);
            } else if (n < 780) {
                nowMillis += random.nextInt(8_000);
            } else if (n < 840) {
                doing = "pack";
                int unused = wal.pack();
                if (tier.isPresent() && random.nextBoolean()) {
                    doing = "move to the tier";
                    tiered += wal.moveToTier();
                }
            } else if (n < 870) {
                doing = "sweep";
                SweepResult result = wal.sweep();
                assertThat(result.failedSegments()).isZero();
                model.values().forEach(each -> each.goneBefore = Math.max(each.goneBefore, nowMillis - RETENTION.toMillis()));
            } else if (n < 890) {
                doing = "purge " + key;
                long before = nowMillis - random.nextInt(40_000);
                SweepResult unused = wal.purge(Keys.key(key), Instant.ofEpochMilli(before));
                stream.goneBefore = Math.max(stream.goneBefore, before);
            } else if (n < 940) {
                doing = "cut " + key;
                cut(key, stream);
            } else if (n < 955) {
                doing = "delete " + key;
                boolean unused = wal.delete(key);
                stream.deleted();
            } else if (n < 956) {
                doing = "delete all";
                int unused = wal.delete(Keys.all());
                model.values().forEach(Stream::deleted);
            } else if (n < 960) {
                doing = "erase " + key;
                erase(key, stream);
            } else if (n < 972) {
                doing = "reopen";
                wal.close();
                open();
            } else {
                doing = "sync " + key;
                wal.stream(key).sync();
            }
        }

        private void append(String key, Stream stream, int count, boolean isBatch) {
            List<WriteEntry> entries = new ArrayList<>();
            List<String> contents = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                String content = number++ + "-" + "x".repeat(random.nextInt(20) == 0 ? random.nextInt(6_000) : random.nextInt(60));
                contents.add(content);
                entries.add(new WriteEntry(java.nio.ByteBuffer.wrap(random.nextBoolean() ? new byte[0] : "h".getBytes(UTF_8)),
                        java.nio.ByteBuffer.wrap(content.getBytes(UTF_8)), nowMillis - random.nextInt(MAX_LATE_MILLIS)));
            }
            List<EntryRef> refs = new ArrayList<>();
            if (isBatch) {
                refs = wal.stream(key).appendBatch(entries, random.nextInt(5) == 0 ? Durability.IMMEDIATE : Durability.BUFFERED);
            } else {
                for (WriteEntry entry : entries) {
                    refs.add(wal.stream(key).append(entry, random.nextInt(20) == 0 ? Durability.IMMEDIATE : Durability.BUFFERED));
                }
            }
            for (int i = 0; i < count; i++) {
                EntryRef ref = refs.get(i);
                if (!stream.records.isEmpty()) {
                    assertThat(ref.position()).isGreaterThanOrEqualTo(stream.records.get(stream.records.size() - 1).ref().end());
                }
                long millis = entries.get(i).timestampMillis();
                // at the latest: a stream that was swept begins anew
                stream.windowEnd = Math.max(stream.windowEnd, (nowMillis / windowMillis + 1) * windowMillis);
                stream.records.add(new Appended(ref, millis, stream.windowEnd, contents.get(i)));
            }
        }

        private void cut(String key, Stream stream) {
            List<String> now = scanned(wal.reader(), key, true);
            if (now.isEmpty()) {
                return;
            }
            int index = stream.records.size() - 1 - random.nextInt(Math.min(now.size(), 12));
            try {
                wal.stream(key).truncateAfter(stream.records.get(index).ref());
            } catch (IllegalArgumentException e) {
                assertThat(e).hasMessageContaining("batch");
                return;
            }
            stream.records.subList(index + 1, stream.records.size()).clear();
        }

        private void erase(String key, Stream stream) {
            boolean isAll = random.nextInt(6) == 0;
            long from = nowMillis - random.nextInt(60_000);
            long to = from + random.nextInt(20_000);
            ErasureReport report = wal.erase(Keys.key(key), isAll ? Instant.MIN : Instant.ofEpochMilli(from),
                    isAll ? Instant.MAX : Instant.ofEpochMilli(to));
            int before = stream.records.size();
            stream.records.removeIf(record -> isAll || (record.timestampMillis() >= from && record.timestampMillis() < to));
            // those that had expired, and were gone, are in the model, too
            assertThat(report.records()).isLessThanOrEqualTo(before - stream.records.size());
            assertThat(report.quarantined()).isEmpty();
        }

        private static List<String> scanned(WalReader reader, String key, boolean isClosed) {
            List<String> found = new ArrayList<>();
            try (EntryCursor cursor = reader.scan(key)) {
                while (cursor.next()) {
                    found.add(cursor.position() + " " + cursor.timestampMillis() + " " + cursor.content().toString(UTF_8));
                }
            } finally {
                if (isClosed) {
                    reader.close();
                }
            }
            return found;
        }

        private static List<String> starts(List<String> records) {
            return records.stream().map(record -> record.substring(0, Math.min(36, record.length()))).toList();
        }

        private void compare() {
            String done = doing;
            ReaderOptions options = ReaderOptions.builder().mappedReads(random.nextBoolean()).directScans(random.nextBoolean()).keys(KEYS_OF_LOG).build();
            try (WalReader inside = wal.reader(); WalReader outside = WalReader.open(root, options)) {
                for (WalReader reader : List.of(inside, outside)) {
                    doing = done + ", then read " + (reader == inside ? "inside" : "outside");
                    model.forEach((key, stream) -> compare(reader, key, stream));
                }
            }
        }

        private void compare(WalReader reader, String key, Stream stream) {
            List<String> found;
            try {
                found = scanned(reader, key, false);
            } catch (WalException e) {
                throw new AssertionError(key + ": " + e, e);
            }
            List<String> all = stream.records.stream().map(record -> record.ref().position() + " " + record.timestampMillis() + " "
                    + record.content()).toList();
            List<String> missing = new ArrayList<>(all);
            missing.removeAll(found);
            List<String> surplus = new ArrayList<>(found);
            surplus.removeAll(all);
            boolean isSuffix = found.size() <= all.size() && found.equals(all.subList(all.size() - found.size(), all.size()));
            assertThat(isSuffix).as(key + ": found=" + found.size() + ", model=" + all.size() + ", missing=" + starts(missing) + ", surplus="
                    + starts(surplus)).isTrue();
            int gone = all.size() - found.size();
            assertThat(found).as(key).isEqualTo(all.subList(gone, all.size()));
            for (Appended record : stream.records.subList(0, gone)) {
                // a window is at most one later than what it is taken for here, or as late as records are
                assertThat(record.windowEnd() - 2 * Math.max(windowMillis, MAX_LATE_MILLIS)).as(key + " " + record).isLessThanOrEqualTo(stream.goneBefore);
            }
            stream.records.subList(0, gone).clear();
            if (!found.isEmpty()) {
                Appended any = stream.records.get(random.nextInt(stream.records.size()));
                try (EntryBatch batch = reader.readBatch(List.of(any.ref()))) {
                    Entry entry = batch.get(0);
                    assertThat(entry.content().toString(UTF_8)).isEqualTo(any.content());
                }
                assertThat(reader.latest(key).orElseThrow().ref()).isEqualTo(stream.records.get(stream.records.size() - 1).ref());
                assertThat(reader.keys()).contains(key);
            }
        }
    }
}
