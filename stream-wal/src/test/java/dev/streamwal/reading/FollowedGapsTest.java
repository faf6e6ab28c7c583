package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Durability;
import dev.streamwal.Scale;
import dev.streamwal.Segments;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.WalException;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.LostRange;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import dev.streamwal.simulation.SimulatedDisk;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Random histories of a writer that packs, sweeps, deletes, ends, is killed and comes again, and of followers that look seldom. In the middle of a look, between
 * two calls to the disk, the writer goes on. Each follower gets each record, in order, or is told of it, however much of a stream has gone meanwhile.
 * One thread, on a simulated disk.
 */
class FollowedGapsTest {

    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final Duration RETENTION = Duration.ofMinutes(10);
    private static final List<String> KEYS = List.of("a", "b");
    private static final int STEPS = 120;
    /** More than a look takes. */
    private static final int MAX_CALLS = 60;
    private static final int MAX_READS = 5_000;

    @Tag("exhaustive")
    @Test
    void followers_randomHistories_getEachRecordOrAreTold() throws Exception {
        int runs = Math.max(12, (int) (120 * Scale.factor()));
        int told = 0;
        List<String> wrong = new ArrayList<>();
        for (long seed = 1; seed <= runs; seed++) {
            try (Run run = new Run(seed)) {
                run.go();
                told += run.told;
            } catch (RuntimeException | AssertionError e) {
                wrong.add("seed " + seed + ": " + e);
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(told).as("gaps that followers were told of").isPositive();
    }

    private static final class Run implements AutoCloseable {
        private final SimulatedDisk disk = new SimulatedDisk();
        private final Path beside = disk.besidePath("/log");
        private final Random random;
        private final Segments segments;
        private final boolean isMapped;
        private final Map<String, List<EntryRef>> appended = new HashMap<>();
        private final List<Follower> followers = new ArrayList<>();
        private final List<String> history = new ArrayList<>();
        private Instant now = Instant.parse("2026-03-01T12:00:00Z");
        private final List<StreamWal> killed = new ArrayList<>();
        private StreamWal wal;
        private int told;

        Run(long seed) {
            random = new Random(seed);
            segments = Segments.values()[random.nextInt(Segments.values().length)];
            isMapped = random.nextBoolean();
            KEYS.forEach(key -> appended.put(key, new ArrayList<>()));
            wal = open();
            followers.add(new OneStream());
            followers.add(new AllStreams());
            followers.add(new Consumer("one", Keys.of(List.of("a"))));
            followers.add(new Consumer("all", Keys.all()));
        }

        private StreamWal open() {
            WalOptions options = WalOptions.builder().clock(() -> now).window(WINDOW).retention(RETENTION).segmentBytes(64 << 10).maxRecordBytes(1_000)
                    .streams("*", StreamOptions.builder().segments(segments).build()).sweepInterval(Duration.ZERO).durability(Durability.BUFFERED)
                    .build();
            return SimulatedLog.open(disk.path("/log"), options, "boot", isMapped, random::nextLong);
        }

        void go() throws InterruptedException {
            try {
                // a tail tells of nothing before the first record that it has
                KEYS.forEach(this::append);
                for (Follower each : followers) {
                    each.readAll();
                    if (each instanceof Consumer consumer) {
                        // without a commit nobody knows that it knew of the stream
                        consumer.consumer.commitDelivered();
                    }
                }
                for (int step = 0; step < STEPS; step++) {
                    if (random.nextInt(3) > 0) {
                        write();
                    } else {
                        read(followers.get(random.nextInt(followers.size())));
                    }
                }
                KEYS.forEach(this::append);
                for (Follower each : followers) {
                    each.readAll();
                }
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(e + "\n" + segments + ", " + String.join(", ", history), e);
            }
        }

        // ---- the writer

        private void write() {
            int what = random.nextInt(100);
            if (what < 45) {
                for (int left = random.nextInt(4); left >= 0; left--) {
                    append(KEYS.get(random.nextInt(KEYS.size())));
                }
            } else if (what < 60) {
                pass(Duration.ofSeconds(random.nextInt(120)));
            } else if (what < 70) {
                pack();
            } else if (what < 78) {
                sweep();
            } else if (what < 86) {
                pass(RETENTION.plus(WINDOW.multipliedBy(2)));
                pack();
                sweep();
            } else if (what < 94) {
                history.add("reopen");
                wal.close();
                wal = open();
            } else if (what < 97) {
                history.add("kill");
                disk.kill();
                killed.add(wal);
                wal = open();
            } else {
                delete(KEYS.get(random.nextInt(KEYS.size())));
            }
        }

        private void delete(String key) {
            history.add("delete " + key);
            boolean unused = wal.delete(key);
        }

        private void append(String key) {
            EntryRef ref = wal.stream(key).append(new byte[random.nextInt(40)]);
            appended.get(key).add(ref);
            history.add(ref.key() + "@" + ref.position());
        }

        private void pass(Duration time) {
            history.add("+" + time.toSeconds() + " s");
            now = now.plus(time);
        }

        private void pack() {
            history.add("pack");
            SimulatedLog.runBackground(wal);
            int unused = wal.pack();
        }

        private void sweep() {
            history.add("sweep");
            assertThat(wal.sweep().failedSegments()).isZero();
        }

        // ---- the followers

        private void read(Follower follower) throws InterruptedException {
            int moves = random.nextInt(6);
            history.add(follower + " looks");
            if (moves > 0) {
                disk.meanwhile(1 + random.nextInt(MAX_CALLS), () -> {
                    history.add("[");
                    for (int i = 0; i < moves; i++) {
                        write();
                    }
                    history.add("]");
                });
            }
            for (int left = random.nextInt(8); left >= 0 && follower.read(Duration.ZERO); left--) {
                // one more
            }
            disk.meanwhile(0, null);
            if (follower instanceof Consumer consumer) {
                consumer.commitOrComeAgain();
            }
        }

        private abstract class Follower {
            private final Map<String, Set<Long>> accounted = new HashMap<>();
            /** By key, the end of what was delivered or told of since it was opened. */
            final Map<String, Long> reached = new HashMap<>();

            abstract EntryTail tail();

            abstract List<String> keys();

            /** Whether there was a record, or something was told. */
            boolean read(Duration timeout) throws InterruptedException {
                try {
                    boolean found = tail().next(timeout);
                    if (!found) {
                        return false;
                    }
                    EntryRef ref = tail().ref();
                    history.add(this + " has " + ref.key() + "@" + ref.position());
                    assertThat(appended.get(ref.key())).contains(ref);
                    assertThat(ref.position()).as("%s: in order, once: %s", this, ref).isGreaterThanOrEqualTo(reached.getOrDefault(ref.key(), 0L));
                    reached.put(ref.key(), ref.end());
                    accounted.computeIfAbsent(ref.key(), key -> new HashSet<>()).add(ref.position());
                } catch (EntryExpiredException expired) {
                    tell(expired);
                }
                return true;
            }

            private void tell(EntryExpiredException expired) {
                String key = expired.key();
                history.add(this + " is told of " + key + "[" + expired.from() + ", " + expired.to() + ")" + (expired.isCertain() ? "" : "?"));
                told++;
                boolean isAny = account(key, expired.from(), expired.to());
                assertThat(isAny || !expired.isCertain()).as("%s: false alarm: %s", this, expired).isTrue();
                assertThat(expired.from()).as("%s: told of what was delivered: %s", this, expired).isGreaterThanOrEqualTo(reached.getOrDefault(key, 0L));
                reached.put(key, expired.to());
                checkIsListed(expired);
            }

            void checkIsListed(EntryExpiredException expired) {
                // only consumers list what they were told of
            }

            /** Whether there were records in the range. */
            final boolean account(String key, long from, long to) {
                boolean isAny = false;
                for (EntryRef each : appended.get(key)) {
                    if (each.position() >= from && each.position() < to) {
                        accounted.computeIfAbsent(key, any -> new HashSet<>()).add(each.position());
                        isAny = true;
                    }
                }
                return isAny;
            }

            void readAll() throws InterruptedException {
                Set<String> waitFor = new HashSet<>(keys());
                for (int reads = 0; !waitFor.isEmpty(); reads++) {
                    assertThat(reads).as("%s: never gets the last record of %s", this, waitFor).isLessThan(MAX_READS);
                    boolean unused = read(Duration.ofMillis(1));
                    waitFor.removeIf(key -> has(key, appended.get(key).get(appended.get(key).size() - 1)));
                }
                for (String key : keys()) {
                    assertThat(appended.get(key).stream().filter(ref -> !has(key, ref))).as("%s: missed, and not told of", this).isEmpty();
                }
            }

            private boolean has(String key, EntryRef ref) {
                return accounted.getOrDefault(key, Set.of()).contains(ref.position());
            }

            abstract void close();
        }

        private final class OneStream extends Follower {
            private final WalReader reader = WalReader.open(beside);
            private final EntryTail tail = reader.follow("a", ReadFrom.first());

            @Override
            EntryTail tail() {
                return tail;
            }

            @Override
            List<String> keys() {
                return List.of("a");
            }

            @Override
            void close() {
                tail.close();
                reader.close();
            }

            @Override
            public String toString() {
                return "tail";
            }
        }

        private final class AllStreams extends Follower {
            private final WalReader reader = WalReader.open(beside);
            private final EntryTail tail = reader.follow(Keys.all(), ReadFrom.first());

            @Override
            EntryTail tail() {
                return tail;
            }

            @Override
            List<String> keys() {
                return KEYS;
            }

            @Override
            void close() {
                tail.close();
                reader.close();
            }

            @Override
            public String toString() {
                return "tail of all";
            }
        }

        private final class Consumer extends Follower {
            private final String name;
            private final Keys keys;
            private WalReader reader = WalReader.open(beside);
            private WalConsumer consumer;

            Consumer(String name, Keys keys) {
                this.name = name;
                this.keys = keys;
                this.consumer = reader.consumer(name, keys);
                EntryTail unused = consumer.entries();
            }

            @Override
            EntryTail tail() {
                return consumer.entries();
            }

            @Override
            void checkIsListed(EntryExpiredException expired) {
                assertThat(consumer.lost().stream().anyMatch(range -> isIn(range, expired))).as("%s: listed as lost: %s", this, expired)
                        .isEqualTo(expired.isCertain());
                assertThat(expired.isCertain() || consumer.possiblyLost().stream().anyMatch(range -> isIn(range, expired)))
                        .as("%s: listed as possibly lost: %s", this, expired).isTrue();
                checkLost();
            }

            private static boolean isIn(LostRange range, EntryExpiredException expired) {
                return range.key().equals(expired.key()) && range.from() <= expired.from() && range.to() >= expired.to();
            }

            private void checkLost() {
                for (LostRange range : consumer.lost()) {
                    assertThat(account(range.key(), range.from(), range.to())).as("%s: false alarm: %s", this, range).isTrue();
                }
            }

            void commitOrComeAgain() {
                if (random.nextBoolean()) {
                    consumer.commitDelivered();
                    history.add(this + " commits");
                }
                if (random.nextInt(4) == 0) {
                    close();
                    history.add(this + " comes again");
                    reader = WalReader.open(beside);
                    consumer = reader.consumer(name, keys);
                    reached.clear();
                    if (random.nextBoolean()) {
                        // else at its next look, whatever has gone by then
                        EntryTail unused = consumer.entries();
                    }
                    consumer.lost().forEach(range -> history.add(this + " has lost " + range));
                    checkLost();
                    consumer.possiblyLost().forEach(range -> account(range.key(), range.from(), range.to()));
                }
            }

            @Override
            List<String> keys() {
                return keys.equals(Keys.all()) ? KEYS : List.of("a");
            }

            @Override
            void close() {
                consumer.close();
                reader.close();
            }

            @Override
            public String toString() {
                return "consumer " + name;
            }
        }

        @Override
        public void close() {
            followers.forEach(Follower::close);
            wal.close();
            killed.forEach(Run::abandon);
        }

        /** Gives back what a killed process held of this one. */
        private static void abandon(StreamWal wal) {
            try {
                wal.close();
            } catch (WalException e) {
                // it can't reach its disk any more
            }
        }
    }
}
