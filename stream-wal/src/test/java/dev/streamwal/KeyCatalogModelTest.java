package dev.streamwal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The keys of a log, and what is read of them, are the same with the catalogue of keys and without, whatever is done to the log and to the catalogue: it is lost, cut off, changed,
 * or an older one is put back. {@code -Dseed=…} does one run again.
 */
class KeyCatalogModelTest {

    private static final int OPERATIONS = Scale.ofOneRun(1_000);
    private static final int RUNS = 8;
    private static final Duration WINDOW = Duration.ofSeconds(10);
    private static final Duration RETENTION = Duration.ofSeconds(300);
    private static final Duration LONG_RETENTION = Duration.ofSeconds(700);

    @TempDir
    Path directory;

    @Test
    void keysAndRecords_withAndWithoutCatalogue_areTheSame() throws IOException {
        Long given = Long.getLong("seed");
        int runs = given != null ? 1 : (int) Math.max(1, Math.round(RUNS * Scale.factor()));
        int covered = 0;
        for (int i = 0; i < runs; i++) {
            long seed = given != null ? given : ThreadLocalRandom.current().nextLong();
            System.out.println("KeyCatalogModelTest: -Dseed=" + seed);
            try (Run run = new Run(seed, directory.resolve(Long.toString(seed)))) {
                run.all();
                covered += run.compared;
            }
        }
        // in most of its time a log has one
        if (Scale.hasWholeRuns()) {
            assertThat(covered).isGreaterThan(runs * OPERATIONS / 40);
        }
    }

    private static final class Run implements AutoCloseable {
        private final long seed;
        private final Random random;
        private final Path root;
        private final Path file;
        private final List<byte[]> older = new ArrayList<>();
        private final Map<String, List<EntryRef>> refs = new HashMap<>();
        private final Queue<String> failures = new ConcurrentLinkedQueue<>();
        private long nowMillis = Instant.parse("2026-03-01T00:00:00Z").toEpochMilli();
        private StreamWal wal;
        private WalReader beside;
        private String doing = "";
        private int compared;

        Run(long seed, Path root) {
            this.seed = seed;
            this.random = new Random(seed);
            this.root = root;
            this.file = root.resolve("packs").resolve("keys");
            open();
        }

        private void open() {
            WalOptions.Builder options = WalOptions.builder().clock(() -> Instant.ofEpochMilli(nowMillis)).window(WINDOW).retention(RETENTION)
                    .segmentBytes(16 << 10).sweepInterval(Duration.ZERO).ownSegments(random.nextInt(3)).listener(new WalListener() {
                        @Override
                        public void onFailure(String task, Optional<String> stream, Throwable failure) {
                            failures.add(task + " " + stream + " " + failure);
                        }
                    });
            options.streams("long/*", StreamOptions.builder().retention(LONG_RETENTION).build());
            if (random.nextBoolean()) {
                options.streams("own/*", StreamOptions.builder().segments(Segments.OWN).build());
            }
            wal = StreamWal.open(root, options.build());
            beside = WalReader.open(root);
        }

        @Override
        public void close() {
            beside.close();
            wal.close();
        }

        void all() throws IOException {
            try {
                for (int i = 0; i < OPERATIONS; i++) {
                    step();
                    if (i % 5 == 0) {
                        compare();
                    }
                    assertThat(failures).isEmpty();
                }
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("-Dseed=" + seed + ", " + doing + ": " + e, e);
            }
        }

        /** Keys come and go. */
        private String key() {
            String[] kinds = {"a/", "long/", "own/", "ä/"};
            return kinds[random.nextInt(kinds.length)] + (nowMillis / 200_000 + random.nextInt(12));
        }

        private void step() throws IOException {
            String key = key();
            int n = random.nextInt(1_000);
            if (n < 500) {
                doing = "append " + key;
                // some are late: they stand in a window that isn't theirs
                long timestamp = nowMillis - (random.nextInt(10) == 0 ? random.nextInt(100_000) : 0);
                EntryRef ref = wal.stream(key).append(timestamp, "x".repeat(random.nextInt(100)).getBytes(UTF_8));
                refs.computeIfAbsent(key, unused -> new ArrayList<>()).add(ref);
            } else if (n < 700) {
                nowMillis += random.nextInt(8_000);
            } else if (n < 850) {
                doing = "pack";
                int unused = wal.pack();
            } else if (n < 880) {
                doing = "sweep";
                SweepResult unused = wal.sweep();
            } else if (n < 900) {
                doing = "purge " + key;
                SweepResult unused = wal.purge(Keys.key(key), Instant.ofEpochMilli(nowMillis - random.nextInt(100_000)));
            } else if (n < 930) {
                doing = "cut " + key;
                cut(key);
            } else if (n < 950) {
                doing = "delete " + key;
                boolean unused = wal.delete(key);
            } else if (n < 965) {
                doing = "reopen";
                close();
                open();
            } else {
                damage();
            }
        }

        private void cut(String key) {
            List<EntryRef> of = refs.getOrDefault(key, List.of());
            if (!of.isEmpty()) {
                try {
                    wal.stream(key).truncateAfter(of.get(Math.max(0, of.size() - 1 - random.nextInt(5))));
                } catch (IllegalArgumentException | EntryNotFoundException | EntryExpiredException e) {
                    // it isn't there any more
                    refs.remove(key);
                }
            }
        }

        private void damage() throws IOException {
            if (!Files.exists(file)) {
                return;
            }
            byte[] now = Files.readAllBytes(file);
            doing = "damage the catalogue";
            int n = random.nextInt(6);
            if (n == 0) {
                Files.delete(file);
            } else if (n == 1) {
                replace(Arrays.copyOf(now, random.nextInt(now.length)));
            } else if (n == 2) {
                now[random.nextInt(now.length)] ^= (byte) (1 << random.nextInt(8));
                replace(now);
            } else if (n == 3 && !older.isEmpty()) {
                replace(older.get(random.nextInt(older.size())));
            } else {
                older.add(now);
            }
        }

        private void replace(byte[] content) throws IOException {
            Path other = root.resolve("packs").resolve(".other");
            Files.write(other, content);
            Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
        }

        private void compare() throws IOException {
            doing += ", then list the keys";
            ReaderOptions options = ReaderOptions.builder().mappedReads(random.nextBoolean()).directScans(random.nextBoolean()).build();
            try (WalReader inside = wal.reader(); WalReader anew = WalReader.open(root, options)) {
                List<String> asked = random.ints(4).mapToObj(unused -> key()).toList();
                Instant from = Instant.ofEpochMilli(nowMillis - random.nextInt(400_000));
                Instant to = from.plusMillis(random.nextInt(30_000));
                List<List<String>> read = List.of(records(inside, asked, from, to), records(beside, asked, from, to), records(anew, asked, from, to));
                NavigableSet<String> own = wal.keys();
                NavigableSet<String> fromInside = inside.keys();
                NavigableSet<String> fromBeside = beside.keys();
                Keys which = List.of(Keys.prefix("long/1"), Keys.prefix("ä"), Keys.prefix(asked.get(0)), Keys.glob("a/?1*"), Keys.glob(asked.get(0) + "*"),
                        Keys.key(asked.get(0)), Keys.of(asked), Keys.prefix("z")).get(random.nextInt(8));
                NavigableSet<String> some = (random.nextBoolean() ? beside : anew).keys(which);
                AtomicReference<List<String>> readWithout = new AtomicReference<>();
                NavigableSet<String> without = without(reader -> readWithout.set(records(reader, asked, from, to)));
                assertThat(read).allSatisfy(records -> assertThat(records).isEqualTo(readWithout.get()));
                assertThat(fromBeside).isEqualTo(without);
                assertThat(some).as(which.toString()).isEqualTo(without.stream().filter(which::contains).collect(Collectors.toCollection(TreeSet::new)));
                assertThat(fromInside).isEqualTo(without);
                assertThat(own).isEqualTo(without);
            }
        }

        /** Of some keys: all records, those of a range of time, the newest, and the newest three. */
        private static List<String> records(WalReader reader, List<String> keys, Instant from, Instant to) {
            List<String> records = new ArrayList<>();
            for (String key : keys) {
                // first: behind the others more is known of the segments
                read(key + " of a range", () -> reader.scan(key, from, to), records);
                read(key, () -> reader.scan(key), records);
                read(key + " last", () -> reader.scanLast(key, 3), records);
                reader.latest(key).ifPresent(entry -> records.add(key + " latest " + entry.ref()));
            }
            return records;
        }

        private static void read(String what, Supplier<EntryCursor> scan, List<String> records) {
            try (EntryCursor cursor = scan.get()) {
                while (cursor.next()) {
                    records.add(what + " " + cursor.ref() + " " + cursor.timestampMillis());
                }
            }
        }

        private NavigableSet<String> without(Consumer<WalReader> look) throws IOException {
            Path away = root.resolve("packs").resolve(".away");
            boolean isThere = Files.exists(file);
            compared += isThere ? 1 : 0;
            if (isThere) {
                Files.move(file, away);
            }
            try (WalReader reader = WalReader.open(root)) {
                look.accept(reader);
                return reader.keys();
            } finally {
                if (isThere) {
                    Files.move(away, file);
                }
            }
        }
    }
}
