package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.engine.Environment;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.LostRange;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Random appends, sweeps, purges, deletions and reopenings of a log, with consumers that read, commit, go back, vanish and come again. Each
 * of them gets every record from its commit on, in order, or is told of it; nothing is deleted that is to be kept, nothing kept that isn't.
 */
class ConsumerModelTest {

    private static final int STEPS = 400;
    private static final long START = Instant.parse("2026-03-01T12:00:00Z").toEpochMilli();
    private static final Duration WINDOW = Duration.ofMinutes(10);
    private static final Duration RETENTION = Duration.ofHours(1);
    private static final List<String> KEYS = List.of("m/a", "m/b", "m/c");
    /** Of every consumer that streams are kept for: how long. */
    private static final Map<String, Duration> KEPT = Map.of("all", Duration.ofMinutes(30), "one", Duration.ofHours(3));

    @Test
    void consumers_randomHistories_getEverythingOrAreTold() throws Exception {
        int runs = Math.max(3, (int) (15 * Scale.factor()));
        int lost = 0;
        int held = 0;
        for (long seed = 1; seed <= runs; seed++) {
            try (LogHome home = seed % 2 == 0 ? LogHome.mapped() : LogHome.channel(); Run run = new Run(home, seed)) {
                run.go();
                lost += run.lostRecords;
                held += run.heldSegments;
            } catch (Exception | AssertionError e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
        assertThat(lost).as("records of which consumers were told that they had lost them").isPositive();
        assertThat(held).as("segments that were kept").isPositive();
    }

    /** A consumer, and where the model has it in each stream: what it was delivered or told of last, and what it has committed. */
    private static final class Member {

        final String name;
        final String scope;
        final boolean isPrefix;
        final Map<String, Long> reached = new HashMap<>();
        final Map<String, Long> committed = new HashMap<>();
        boolean exists;
        int openedAt;
        WalConsumer open;

        Member(String name, String scope, boolean isPrefix) {
            this.name = name;
            this.scope = scope;
            this.isPrefix = isPrefix;
        }

        boolean reads(String key) {
            return isPrefix ? key.startsWith(scope) : key.equals(scope);
        }
    }

    private record Listed(long base, long expirationMillis) {}

    private static final class Run implements AutoCloseable {

        final Random random;
        final LogHome home;
        final ManualClock clock = new ManualClock(START);
        final Map<String, List<EntryRef>> appended = new LinkedHashMap<>();
        final List<Member> members = List.of(new Member("all", "m/", true), new Member("one", "m/a", false), new Member("free", "", true));
        /**
         * Of streams of which everything was deleted: where they begin again, and in which step they do. A consumer that was opened before
         * need not know of what it hadn't read.
         */
        final Map<String, NavigableSet<Long>> lives = new HashMap<>();
        final Map<String, Integer> lifeBeganAt = new HashMap<>();
        /** Streams of which nothing was left when the log was opened, and which haven't come again. */
        final Set<String> goneWhenOpened = new HashSet<>();
        /** Where such a stream came again: its writer didn't know where it had ended. */
        final Map<String, Long> beginsUnknowing = new HashMap<>();
        int step;
        StreamWal wal;
        WalReader reader;
        int boot;
        int lostRecords;
        int heldSegments;

        Run(LogHome home, long seed) {
            this.home = home;
            this.random = new Random(seed);
            KEYS.forEach(key -> appended.put(key, new ArrayList<>()));
            openLog();
        }

        private void openLog() {
            StreamOptions.Builder kept = StreamOptions.builder();
            KEPT.forEach((name, time) -> kept.retainFor(name, 1L << 40, time));
            WalOptions options = WalOptions.builder().storage(home.storage()).clock(clock).window(WINDOW).retention(RETENTION)
                    .segmentBytes(16 << 10).sweepInterval(Duration.ZERO).streams("m/*", kept.build()).build();
            String id = "boot-" + boot;
            wal = StreamWal.open(home.root(), options, Environment.ofThisMachine(options.storage().kind()).withBootId(() -> Optional.of(id)).withMaxIdleStreams(0));
            KEYS.stream().filter(key -> listed(key).isEmpty()).forEach(goneWhenOpened::add);
            reader = random.nextBoolean() ? wal.reader() : WalReader.open(home.root());
        }

        private void reopenLog() {
            members.forEach(this::vanish);
            reader.close();
            wal.close();
            boot += random.nextInt(2);
            openLog();
        }

        void go() {
            for (step = 1; step <= STEPS; step++) {
                Member member = members.get(random.nextInt(members.size()));
                switch (random.nextInt(20)) {
                    case 0, 1, 2, 3, 4, 5 -> append();
                    case 6, 7, 8 -> clock.advance(Duration.ofMillis(random.nextInt(15) * 60_000L + 1));
                    case 9, 10 -> sweep();
                    case 11, 12, 13 -> read(member, random.nextInt(40));
                    case 14, 15 -> commit(member);
                    case 16 -> vanish(member);
                    case 17 -> come(member);
                    case 18 -> deliberately();
                    default -> {
                        if (random.nextInt(4) == 0) {
                            reopenLog();
                        }
                    }
                }
                for (String key : KEYS) {
                    if (listed(key).isEmpty()) {
                        lives.computeIfAbsent(key, any -> new TreeSet<>()).add(end(key));
                    }
                }
            }
            members.forEach(this::vanish);
            for (Member member : members) {
                read(member, Integer.MAX_VALUE);
                checkComplete(member);
            }
        }

        private void append() {
            String key = KEYS.get(random.nextInt(KEYS.size()));
            boolean begins = listed(key).isEmpty();
            if (begins) {
                lifeBeganAt.put(key, step);
            }
            for (int i = random.nextInt(20); i >= 0; i--) {
                appended.get(key).add(wal.stream(key).append(new byte[random.nextInt(400)]));
            }
            if (begins && goneWhenOpened.remove(key)) {
                beginsUnknowing.put(key, listed(key).get(0).base());
            }
        }

        private void deliberately() {
            String key = KEYS.get(random.nextInt(KEYS.size()));
            if (random.nextInt(4) == 0) {
                wal.delete(key);
            } else {
                wal.purge(Keys.key(key), clock.instant().minus(WINDOW.multipliedBy(random.nextInt(4))));
            }
        }

        // ------------------------------------------------------------ what is kept

        private List<Listed> listed(String key) {
            TreeSet<SegmentName> names = new TreeSet<>();
            Path directory = home.root().resolve("segments").resolve(StreamKey.of(key).directoryName());
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
                files.forEach(file -> SegmentName.parse(file.getFileName().toString()).ifPresent(names::add));
            } catch (NoSuchFileException e) {
                return List.of();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return names.stream().map(name -> new Listed(name.basePosition(), name.expirationMillis())).toList();
        }

        private void sweep() {
            Map<String, List<Listed>> before = new HashMap<>();
            for (String key : KEYS) {
                before.put(key, listed(key));
            }
            SweepResult result = wal.sweep();
            if (random.nextInt(4) == 0) {
                // who knows where a stream had ended that has gone, still does
                System.gc();
            }
            heldSegments += result.heldSegments();
            for (String key : KEYS) {
                List<Listed> segments = before.get(key);
                List<Listed> left = listed(key);
                for (int i = 0; i < segments.size(); i++) {
                    boolean isGone = !left.contains(segments.get(i));
                    boolean isNewest = i + 1 == segments.size();
                    long end = isNewest ? end(key) : segments.get(i + 1).base();
                    boolean isHeld = isHeld(key, segments.get(i), end);
                    boolean isExpired = segments.get(i).expirationMillis() <= clock.millis();
                    if (isGone) {
                        assertThat(isExpired).as("%s in %s has expired", segments.get(i), key).isTrue();
                        assertThat(isHeld).as("%s in %s, which is gone, was kept for somebody", segments.get(i), key).isFalse();
                    } else if (!isNewest) {
                        assertThat(isHeld || !isExpired).as("%s in %s, which is there, is kept for somebody", segments.get(i), key).isTrue();
                        break;
                    }
                }
            }
        }

        private boolean isHeld(String key, Listed segment, long end) {
            for (Member member : members) {
                Duration time = KEPT.get(member.name);
                if (time != null && (!member.exists || member.reads(key)) && member.committed.getOrDefault(key, 0L) < end
                        && clock.millis() - segment.expirationMillis() < time.toMillis()) {
                    return true;
                }
            }
            return false;
        }

        /** Where the stream began that has this position, or had it before all of it was deleted. */
        private long lifeAt(String key, long position) {
            Long begin = lives.getOrDefault(key, new TreeSet<>()).floor(position);
            return begin == null ? 0 : begin;
        }

        private long end(String key) {
            List<EntryRef> refs = appended.get(key);
            return refs.isEmpty() ? 0 : refs.get(refs.size() - 1).end();
        }

        // ------------------------------------------------------------ what is delivered

        private void come(Member member) {
            if (member.open != null) {
                return;
            }
            Map<String, Long> oldest = new HashMap<>();
            for (String key : KEYS) {
                List<Listed> segments = listed(key);
                if (!segments.isEmpty()) {
                    oldest.put(key, segments.get(0).base());
                }
            }
            member.open = reader.consumer(member.name, member.isPrefix ? Keys.prefix(member.scope) : Keys.key(member.scope));
            for (String key : KEYS) {
                if (!member.exists && member.reads(key) && oldest.containsKey(key)) {
                    member.committed.put(key, oldest.get(key));
                }
            }
            member.exists = true;
            member.openedAt = step;
            member.reached.clear();
            member.reached.putAll(member.committed);
            if (random.nextBoolean()) {
                // else when it reads, whatever has gone by then
                EntryTail unused = member.open.entries();
            }
            for (Lost range : Lost.all(member.open.lost())) {
                checkIsGone(range);
                assertThat(recordsIn(range)).as("%s of %s had records", range, member.name).isPositive();
            }
            for (Lost range : Lost.all(member.open.possiblyLost())) {
                checkIsGone(range);
                assertThat(range.from()).as("what %s may have lost begins with its commit", member.name)
                        .isEqualTo(member.committed.get(range.key()));
                member.reached.put(range.key(), range.to());
            }
        }

        private void vanish(Member member) {
            if (member.open != null) {
                member.open.close();
                member.open = null;
            }
        }

        private void read(Member member, int count) {
            come(member);
            EntryTail tail = member.open.entries();
            for (int i = 0; i < count; ) {
                try {
                    if (!tail.next() && !looksAgain(member, tail)) {
                        return;
                    }
                    delivered(member, tail.ref());
                    i++;
                } catch (EntryExpiredException e) {
                    lost(member, Lost.of(e), e.isCertain());
                }
            }
        }

        /** Which also asks for new streams. */
        private static boolean looksAgain(Member member, EntryTail tail) {
            try {
                return tail.next(Duration.ofMillis(member.isPrefix ? 15 : 5));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        /** The first that is left in the stream behind what was reached, whether it is still there or not. */
        private void delivered(Member member, EntryRef ref) {
            long begin = lifeAt(ref.key(), ref.position());
            long reached = member.reached.getOrDefault(ref.key(), 0L);
            boolean mayNotKnow = !member.reached.containsKey(ref.key()) || member.openedAt < lifeBeganAt.getOrDefault(ref.key(), 0);
            if (mayNotKnow && reached < begin && begin <= ref.position()) {
                reached = begin;
            }
            long from = reached;
            EntryRef expected = appended.get(ref.key()).stream().filter(any -> any.position() >= from).findFirst().orElseThrow();
            assertThat(ref).as("the next record for %s", member.name).isEqualTo(expected);
            member.reached.put(ref.key(), ref.end());
        }

        /** @param isCertain else there may have been none, if the log was opened again while nothing was left: see decision 25 */
        private void lost(Member member, Lost range, boolean isCertain) {
            long reached = member.reached.getOrDefault(range.key(), Math.min(range.from(), lifeAt(range.key(), Long.MAX_VALUE)));
            assertThat(range.from()).as("what %s has lost begins where it is: %s", member.name, range).isGreaterThanOrEqualTo(reached);
            long records = appended.get(range.key()).stream()
                    .filter(ref -> ref.position() >= reached && ref.position() < range.to()).peek(ref -> assertThat(ref.position())
                            .as("%s isn't told of a record that it didn't get either", member.name).isGreaterThanOrEqualTo(range.from()))
                    .count();
            checkIsGone(range);
            assertThat(isCertain ? member.open.lost() : member.open.possiblyLost()).as("%s", range).anyMatch(
                    all -> all.key().equals(range.key()) && all.from() <= range.from() && all.to() >= range.to());
            assertThat(member.open.lost()).as("%s, which is certain: %s", range, isCertain).allMatch(
                    all -> isCertain || !all.key().equals(range.key()) || all.to() <= range.from() || all.from() >= range.to());
            if (isCertain || !Objects.equals(beginsUnknowing.get(range.key()), range.to())) {
                assertThat(records).as("%s of %s had records", range, member.name).isPositive();
            }
            lostRecords += (int) records;
            member.reached.put(range.key(), range.to());
        }

        private long recordsIn(Lost range) {
            return appended.get(range.key()).stream().filter(ref -> ref.position() >= range.from() && ref.position() < range.to()).count();
        }

        private void checkIsGone(Lost range) {
            List<Listed> segments = listed(range.key());
            long oldest = segments.isEmpty() ? Long.MAX_VALUE : segments.get(0).base();
            assertThat(range.to()).as("%s is gone", range).isLessThanOrEqualTo(oldest);
            assertThat(range.from()).isLessThan(range.to());
        }

        private void commit(Member member) {
            if (member.open == null) {
                return;
            }
            for (String key : KEYS) {
                Long reached = member.reached.get(key);
                if (reached == null || random.nextInt(3) == 0) {
                    continue;
                }
                long position = random.nextInt(8) == 0 ? someRecordBefore(key, reached) : reached;
                boolean isThere = appended.get(key).stream().anyMatch(ref -> ref.end() == position || ref.position() == position);
                if (isThere && member.reads(key)) {
                    member.open.commit(key, position);
                    member.committed.put(key, position);
                }
            }
        }

        private long someRecordBefore(String key, long position) {
            List<EntryRef> before = appended.get(key).stream().filter(ref -> ref.end() <= position).toList();
            return before.isEmpty() ? position : before.get(random.nextInt(before.size())).position();
        }

        /** Everything was delivered, or told of, in the end. */
        private void checkComplete(Member member) {
            for (String key : KEYS) {
                if (member.reads(key)) {
                    long reached = member.reached.getOrDefault(key, lifeAt(key, Long.MAX_VALUE));
                    List<EntryRef> missed = appended.get(key).stream().filter(ref -> ref.position() >= reached).toList();
                    if (!missed.isEmpty() && !listed(key).isEmpty()) {
                        assertThat(missed).as("what %s got nothing of in %s", member.name, key).isEmpty();
                    }
                }
            }
        }

        @Override
        public void close() {
            members.forEach(this::vanish);
            reader.close();
            wal.close();
        }
    }
}
