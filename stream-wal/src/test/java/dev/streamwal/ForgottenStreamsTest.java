package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.engine.Environment;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.LostRange;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys that come and go don't fill the memory: a stream of which everything has expired is let go of, and comes again at positions that it never had. */
class ForgottenStreamsTest {

    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration WINDOW = Duration.ofMinutes(10);
    private static final Duration RETENTION = Duration.ofHours(1);
    private static final int KEYS = 300;
    /** More than a tail remembers of those that have gone. */
    private static final int MANY = 3_000;
    private static final long PATIENCE_NANOS = 300_000_000_000L;
    /** Not fewer than are there when the others have gone. */
    private static final int THERE = 10;
    /** What a consumer's tail remembers of those that have gone. */
    private static final int REMEMBERED = 1_000 + THERE;

    @TempDir
    private Path folder;

    private final AtomicReference<Instant> now = new AtomicReference<>(BEGIN);

    private StreamWal open() {
        return StreamWal.open(folder.resolve("log"), WalOptions.builder().clock(now::get).window(WINDOW).retention(RETENTION).ownSegments(0)
                .sweepInterval(Duration.ZERO).build());
    }

    /** Where idle streams don't stay in memory. */
    private StreamWal openWithFewStreams() {
        WalOptions options = WalOptions.builder().clock(now::get).window(WINDOW).retention(RETENTION).ownSegments(0).sweepInterval(Duration.ZERO).build();
        return StreamWal.open(folder.resolve("log"), options, Environment.ofThisMachine(options.storage().kind()).withMaxIdleStreams(0));
    }

    /** No key's records have expired, but those of the keys are packed and their windows are over. */
    private void rest(StreamWal wal) {
        now.set(now.get().plus(WINDOW.multipliedBy(2)));
        append(wal, "always", "here");
        assertThat(wal.pack()).isPositive();
        wal.sweep();
    }

    private EntryRef append(StreamWal wal, String key, String content) {
        return wal.stream(key).append(now.get().toEpochMilli(), content.getBytes(StandardCharsets.UTF_8));
    }

    private static EntryRef appendLate(StreamWal wal, String key, Instant timestamp) {
        return wal.stream(key).append(timestamp.toEpochMilli(), "late".getBytes(StandardCharsets.UTF_8));
    }

    private void expire(StreamWal wal) {
        now.set(now.get().plus(RETENTION).plus(WINDOW.multipliedBy(2)));
        append(wal, "always", "here");
        int unused = wal.pack();
        wal.sweep();
    }

    private static List<String> scan(WalReader reader, String key) {
        List<String> found = new ArrayList<>();
        try (EntryCursor cursor = reader.scan(key)) {
            while (cursor.next()) {
                found.add(cursor.content().toString(StandardCharsets.UTF_8));
            }
        }
        return found;
    }

    @Test
    void keysThatComeAndGo_areLetGoOf() {
        try (StreamWal wal = open()) {
            for (int hour = 0; hour < 5; hour++) {
                for (int i = 0; i < KEYS; i++) {
                    append(wal, "container/" + hour + "/" + i, "x");
                }
                expire(wal);
                assertThat(wal.stats().streams()).as("streams after " + hour).isLessThan(10);
            }
        }
    }

    @Test
    void appendIfEndIs_ofKeysThatNeverHadThatEnd_keepsNoneOfThem() {
        try (StreamWal wal = open()) {
            append(wal, "always", "here");
            for (int i = 0; i < KEYS; i++) {
                WriteEntry entry = WriteEntry.of(new byte[i == 0 ? 1 << 20 : 1]);
                assertThat(wal.stream("asked/" + i).appendIfEndIs(1_000_000L + i, entry)).isEmpty();
            }
            assertThat(wal.stats().streams()).isEqualTo(1);
        }
    }

    /** A pass visits a part of many streams; a few visit them all. */
    @Test
    void manyKeys_areLetGoOfInTurn() {
        int keys = 20 * KEYS;
        try (StreamWal wal = open()) {
            for (int i = 0; i < keys; i++) {
                append(wal, "container/" + i, "x");
            }
            expire(wal);
            assertThat(wal.stats().streams()).isGreaterThan(keys / 2);
            for (int pass = 0; pass < 16; pass++) {
                wal.sweep();
            }
            assertThat(wal.stats().streams()).isLessThan(10);
        }
    }

    @Test
    void whatHasNotExpired_stays() {
        try (StreamWal wal = open()) {
            EntryRef ref = append(wal, "a", "1");
            now.set(BEGIN.plus(RETENTION.dividedBy(2)));
            wal.pack();
            wal.sweep();
            assertThat(wal.stats().streams()).isEqualTo(1);
            assertThat(append(wal, "a", "2").position()).isEqualTo(ref.end());
            assertThat(scan(wal.reader(), "a")).containsExactly("1", "2");
        }
    }

    @Test
    void comesAgain_atPositionsThatItNeverHad_alsoAfterReopening() {
        List<EntryRef> refs = new ArrayList<>();
        try (StreamWal wal = open()) {
            refs.add(append(wal, "a", "1"));
            refs.add(append(wal, "a", "2"));
            WeakReference<WalStream> handle = new WeakReference<>(wal.stream("a"));
            expire(wal);
            letGoOfThousands(wal);
            LogContract.await("what was let go of is collected", () -> {
                System.gc();
                return handle.get() == null;
            });
            refs.add(append(wal, "a", "3"));
            comesAgain(wal, refs, "3");
            WalStream kept = wal.stream("a");
            expire(wal);
            refs.add(kept.append(now.get().toEpochMilli(), "4".getBytes(StandardCharsets.UTF_8)));
            comesAgain(wal, refs, "4");
            assertThat(wal.stream("a")).isSameAs(kept);
        }
        try (StreamWal wal = open()) {
            expire(wal);
            refs.add(append(wal, "a", "5"));
            comesAgain(wal, refs, "5");
        }
    }

    /** More than stay in memory for a while. */
    private void letGoOfThousands(StreamWal wal) {
        for (int i = 0; i < 2_000; i++) {
            append(wal, "container/" + i, "x");
        }
        expire(wal);
        for (int pass = 0; pass < 16; pass++) {
            wal.sweep();
        }
        assertThat(wal.stats().streams()).isLessThan(10);
    }

    private static void comesAgain(StreamWal wal, List<EntryRef> refs, String content) {
        EntryRef last = refs.get(refs.size() - 1);
        try (WalReader reader = wal.reader()) {
            assertThat(scan(reader, "a")).containsExactly(content);
            for (EntryRef old : refs.subList(0, refs.size() - 1)) {
                assertThat(old.end()).isLessThanOrEqualTo(last.position());
                assertThat(reader.find(old)).isEmpty();
            }
            assertThat(reader.find(last)).isPresent();
        }
    }

    @Test
    void idleOnesInPacks_whereThereAreMany_areLetGoOf_andGoOn() {
        List<EntryRef> first = new ArrayList<>();
        List<EntryRef> second = new ArrayList<>();
        try (StreamWal wal = openWithFewStreams(); WalReader reader = wal.reader(); WalConsumer consumer = reader.consumer("all", Keys.prefix("k/"))) {
            for (int i = 0; i < KEYS; i++) {
                first.add(append(wal, "k/" + i, "1"));
            }
            rest(wal);
            assertThat(wal.stats().streams()).isLessThan(10);
            assertThat(wal.keys()).hasSize(KEYS + 1);
            for (int i = 0; i < KEYS; i++) {
                WalStream stream = wal.stream("k/" + i);
                assertThat(stream.endPosition()).isEqualTo(first.get(i).end());
                EntryRef next = stream.appendIfEndIs(first.get(i).end(), WriteEntry.of("2".getBytes(StandardCharsets.UTF_8))).orElseThrow();
                assertThat(next.position()).isGreaterThanOrEqualTo(first.get(i).end());
                assertThat(append(wal, "k/" + i, "3").position()).isEqualTo(next.end());
                second.add(next);
            }
            for (int i = 0; i < KEYS; i++) {
                assertThat(scan(reader, "k/" + i)).containsExactly("1", "2", "3");
                assertThat(reader.find(first.get(i))).isPresent();
                assertThat(reader.find(second.get(i))).isPresent();
            }
            int read = 0;
            while (consumer.entries().next()) {
                read++;
            }
            assertThat(read).isEqualTo(3 * KEYS);
            assertThat(consumer.lost()).isEmpty();
        }
        try (StreamWal wal = open(); WalReader reader = wal.reader()) {
            assertThat(append(wal, "k/7", "4").position()).isGreaterThanOrEqualTo(second.get(7).end());
            assertThat(scan(reader, "k/7")).containsExactly("1", "2", "3", "4");
            assertThat(reader.verify("k/7").damage()).isEmpty();
        }
    }

    /** A program that keeps a stream has the same one for ever. */
    @Test
    void idleOne_thatTheProgramRefersTo_isTheSame() {
        try (StreamWal wal = openWithFewStreams()) {
            WalStream kept = wal.stream("k/1");
            EntryRef ref = append(wal, "k/1", "1");
            for (int i = 2; i < 10; i++) {
                append(wal, "k/" + i, "1");
            }
            rest(wal);
            System.gc();
            assertThat(wal.stats().streams()).isLessThan(6);
            assertThat(kept.endPosition()).isEqualTo(ref.end());
            assertThat(wal.stream("k/1")).isSameAs(kept);
            EntryRef next = kept.append(now.get().toEpochMilli(), "2".getBytes(StandardCharsets.UTF_8));
            assertThat(kept.endPosition()).isEqualTo(next.end());
            wal.sync();
            assertThat(kept.durablePosition()).isEqualTo(next.end());
            assertThat(scan(wal.reader(), "k/1")).containsExactly("1", "2");
        }
    }

    /** Its packs have gone when it comes again, so that they can't tell where it ended. */
    @Test
    void idleOne_comesAgainWhenItsPacksHaveExpired_atPositionsThatItNeverHad() {
        List<EntryRef> refs = new ArrayList<>();
        try (StreamWal wal = openWithFewStreams()) {
            for (int i = 0; i < 10; i++) {
                refs.add(append(wal, "a", "1"));
                append(wal, "k/" + i, "1");
            }
            rest(wal);
            assertThat(wal.stats().streams()).isLessThan(6);
            expire(wal);
            assertThat(scan(wal.reader(), "a")).isEmpty();
            refs.add(append(wal, "a", "2"));
            comesAgain(wal, refs, "2");
        }
    }

    /** What stands in shared segments, which are written to, is known nowhere else. So it is with late records, whose windows were over before they came. */
    @Test
    void idleOne_thatIsNotInPacks_stays() {
        try (StreamWal wal = openWithFewStreams()) {
            Instant later = now.get().plus(WINDOW.multipliedBy(3));
            Instant earlier = now.getAndSet(later);
            EntryRef ref = appendLate(wal, "a", earlier);
            for (int i = 0; i < 10; i++) {
                appendLate(wal, "k/" + i, earlier);
            }
            wal.sweep();
            assertThat(wal.stats().streams()).isEqualTo(11);
            assertThat(append(wal, "a", "2").position()).isEqualTo(ref.end());
        }
    }

    @Test
    void idleOne_appendedToMeanwhile_stays_andGoesOn() throws IOException {
        try (StreamWal wal = open()) {
            append(wal, "a", "1");
            now.set(now.get().plus(WINDOW.multipliedBy(3)));
            List<EntryRef> meanwhile = new ArrayList<>();
            boolean forgotten = wal.stream("a").log().forgetIfPacked(now.get().toEpochMilli(), (stream, end) -> meanwhile.add(append(wal, "a", "2")));
            assertThat(forgotten).isFalse();
            assertThat(meanwhile).hasSize(1);
            assertThat(append(wal, "a", "3").position()).isEqualTo(meanwhile.get(0).end());
            assertThat(scan(wal.reader(), "a")).containsExactly("1", "2", "3");
        }
    }

    /** Between the look at the packs and the decision. */
    @Test
    void appendedToMeanwhile_stays_andGoesOn() throws IOException {
        try (StreamWal wal = open()) {
            append(wal, "a", "1");
            now.set(BEGIN.plus(RETENTION).plus(WINDOW.multipliedBy(2)));
            List<EntryRef> meanwhile = new ArrayList<>();
            boolean forgotten = wal.stream("a").log().forgetIfGone(now.get().toEpochMilli(), () -> meanwhile.add(append(wal, "a", "2")));
            assertThat(forgotten).isFalse();
            assertThat(meanwhile).hasSize(1);
            System.gc();
            assertThat(append(wal, "a", "3").position()).isEqualTo(meanwhile.get(0).end());
            assertThat(scan(wal.reader(), "a")).endsWith("2", "3");
            assertThat(wal.stats().streams()).isEqualTo(1);
        }
    }

    /** What a consumer holds back isn't gone, nor is the stream. */
    @Test
    void heldForAConsumer_stays() {
        try (StreamWal wal = StreamWal.open(folder.resolve("log"), WalOptions.builder().clock(now::get).window(WINDOW).retention(RETENTION).ownSegments(0)
                .sweepInterval(Duration.ZERO).streams("a", StreamOptions.builder().retainFor("slow", 1 << 20, Duration.ofDays(9)).build()).build());
                WalReader reader = wal.reader(); WalConsumer slow = reader.consumer("slow", Keys.key("a"))) {
            EntryRef ref = append(wal, "a", "1");
            expire(wal);
            assertThat(scan(reader, "a")).containsExactly("1");
            assertThat(append(wal, "a", "2").position()).isEqualTo(ref.end());
            assertThat(slow.lost()).isEmpty();
        }
    }

    /** More than are remembered, in two packs. */
    @Tag("exhaustive")
    @Test
    void tailOfAll_noticesAllKeysThatHaveGone() throws InterruptedException {
        try (StreamWal wal = open(); WalReader reader = wal.reader(); EntryTail tail = reader.follow(Keys.all(), ReadFrom.first())) {
            assertThat(comeAndGo(wal, tail)).isEqualTo(MANY);
            // the log doesn't change any more: the tail goes on to look while there is something left to look for
            awaitFollowed(tail, THERE);
            List<EntryRef> again = comeAgain(wal);
            assertThat(readAll(tail)).containsExactlyElementsOf(again);
        }
    }

    /** As a program does that reads what there is from time to time, and never waits: it looks less often than keys come and go. */
    @Test
    void tailOfAll_askedRarely_noticesKeysAsFastAsTheyGo() {
        int keys = MANY / 3;
        try (StreamWal wal = open(); WalReader reader = wal.reader(); EntryTail tail = reader.follow(Keys.all(), ReadFrom.first())) {
            int read = 0;
            for (int round = 0; round < 12; round++) {
                for (int i = 0; i < keys; i++) {
                    append(wal, "container/" + round + "/" + i, "x");
                }
                while (tail.next()) {
                    read += tail.key().equals("always") ? 0 : 1;
                }
                expire(wal);
            }
            assertThat(read).isEqualTo(12 * keys);
            assertThat(tail.positions()).hasSizeLessThan(4 * keys);
        }
    }

    @Tag("exhaustive")
    @Test
    void consumerOfAll_letsGoOfKeysThatHaveGone_whenTheyAreCommitted_andIsToldOfNoLoss() throws InterruptedException {
        try (StreamWal wal = open(); WalReader reader = wal.reader(); WalConsumer consumer = reader.consumer("all", Keys.all())) {
            EntryTail tail = consumer.entries();
            assertThat(comeAndGo(wal, tail)).isEqualTo(MANY);
            assertThat(followedAfterLooks(tail)).as("not committed").isGreaterThanOrEqualTo(MANY);
            consumer.commitDelivered();
            awaitFollowed(tail, REMEMBERED);
            List<EntryRef> again = comeAgain(wal);
            assertThat(readAll(tail)).containsExactlyElementsOf(again);
            assertThat(consumer.lost()).isEmpty();
            assertThat(consumer.possiblyLost()).isEmpty();
        }
    }

    /** What went between two looks of a tail that has forgotten the key is told as ever, as the consumer has its commit. */
    @Tag("exhaustive")
    @Test
    void consumerOfAll_aKeyThatItHasForgottenComesAndGoesUnseen_isToldOfTheLoss() throws InterruptedException {
        try (StreamWal wal = open(); WalReader reader = wal.reader(); WalConsumer consumer = reader.consumer("all", Keys.prefix("container/"))) {
            EntryTail tail = consumer.entries();
            EntryRef first = append(wal, "container/first", "1");
            assertThat(readAll(tail)).containsExactly(first);
            // so that it can be forgotten at its turn, before all others
            consumer.commitDelivered();
            expireSeen(wal, tail);
            assertThat(comeAndGo(wal, tail)).isEqualTo(MANY);
            consumer.commitDelivered();
            awaitFollowed(tail, REMEMBERED);
            assertThat(tail.positions()).doesNotContainKey(first.key());
            EntryRef missed = append(wal, "container/first", "2");
            expire(wal);
            EntryRef last = append(wal, "container/first", "3");
            assertThatThrownBy(() -> readAll(tail)).isInstanceOf(EntryExpiredException.class);
            assertThat(readAll(tail)).containsExactly(last);
            List<LostRange> told = new ArrayList<>(consumer.lost());
            told.addAll(consumer.possiblyLost());
            assertThat(told).singleElement().satisfies(lost -> {
                assertThat(lost.key()).isEqualTo(first.key());
                assertThat(lost.from()).isBetween(first.end(), missed.position());
                assertThat(lost.to()).isBetween(missed.end(), last.position());
            });
        }
    }

    /** What can't be listed hasn't gone: its commits are there when it can be again. */
    @ParameterizedTest
    @ValueSource(strings = {"pack", "shared", "segments"})
    void consumer_opensWhereStreamsCannotBeListed_forgetsNoCommit(String damaged) throws IOException {
        Path log = folder.resolve("log");
        try (StreamWal wal = open()) {
            for (int i = 0; i < MANY; i++) {
                append(wal, "container/" + i, "x");
            }
            if (damaged.equals("pack")) {
                rest(wal);
            }
        }
        Files.deleteIfExists(PackFiles.keys(log));
        try (WalReader reader = WalReader.open(log); WalConsumer consumer = reader.consumer("all", Keys.prefix("container/"))) {
            int read = 0;
            while (consumer.entries().next()) {
                read++;
            }
            assertThat(read).isEqualTo(MANY);
            consumer.commitDelivered();
        }
        Path file = switch (damaged) {
            case "pack" -> largest(log.resolve("packs"), name -> PackFiles.parse(name).isPresent());
            case "shared" -> largest(log.resolve("segments").resolve(StreamKey.SHARED.directoryName()), name -> SegmentName.parse(name).isPresent());
            default -> log.resolve("segments");
        };
        Path aside = folder.resolve("aside");
        Files.move(file, aside);
        if (damaged.equals("segments")) {
            Files.createDirectory(file);
        } else {
            byte[] bytes = Files.readAllBytes(aside);
            bytes[damaged.equals("pack") ? bytes.length - 20 : 20] ^= 1;
            Files.write(file, bytes);
        }
        try (WalReader reader = WalReader.open(log); WalConsumer consumer = reader.consumer("all", Keys.prefix("container/"))) {
            assertThat(reader.keys(Keys.prefix("container/"))).as("what can be listed").isEmpty();
            assertThat(committed(consumer)).isEqualTo(MANY);
        }
        Files.delete(file);
        Files.move(aside, file);
        try (WalReader reader = WalReader.open(log); WalConsumer consumer = reader.consumer("all", Keys.prefix("container/"))) {
            assertThat(committed(consumer)).isEqualTo(MANY);
            assertThat(consumer.entries().next()).as("delivered again").isFalse();
        }
    }

    private static long committed(WalConsumer consumer) {
        return IntStream.range(0, MANY).filter(i -> consumer.committed("container/" + i).isPresent()).count();
    }

    private static Path largest(Path directory, Predicate<String> wanted) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> wanted.test(file.getFileName().toString())).max(Comparator.comparingLong(file -> file.toFile().length()))
                    .orElseThrow();
        }
    }

    /** Returns how many records the tail has delivered of many keys, of which all have gone. */
    private int comeAndGo(StreamWal wal, EntryTail tail) throws InterruptedException {
        int read = 0;
        for (int half = 0; half < 2; half++) {
            for (int i = 0; i < MANY / 2; i++) {
                append(wal, "container/" + half + "/" + i, "x");
            }
            read += readAll(tail).size();
            expireSeen(wal, tail);
        }
        return read;
    }

    /** The tail sees all that is packed, before and after, so that nothing can have come and gone unseen. */
    private void expireSeen(StreamWal wal, EntryTail tail) throws InterruptedException {
        now.set(now.get().plus(RETENTION).plus(WINDOW.multipliedBy(2)));
        append(wal, "always", "here");
        assertThat(readAll(tail)).isEmpty();
        int unused = wal.pack();
        wal.sweep();
        assertThat(readAll(tail)).isEmpty();
    }

    private List<EntryRef> comeAgain(StreamWal wal) {
        return List.of(append(wal, "container/0/1", "again"), append(wal, "container/1/" + (MANY / 2 - 1), "again"));
    }

    private static List<EntryRef> readAll(EntryTail tail) throws InterruptedException {
        List<EntryRef> refs = new ArrayList<>();
        while (tail.next(Duration.ofMillis(20))) {
            refs.add(tail.ref());
        }
        return refs.stream().filter(ref -> !ref.key().equals("always")).toList();
    }

    /** Waits until no more streams are followed. Of a consumer's these are all; of another tail those that it hasn't found to have gone. */
    private static void awaitFollowed(EntryTail tail, long most) throws InterruptedException {
        long begunNanos = System.nanoTime();
        while (tail.positions().size() > most && System.nanoTime() - begunNanos < PATIENCE_NANOS) {
            assertThat(tail.next(Duration.ofMillis(20))).isFalse();
        }
        assertThat(tail.positions()).hasSizeLessThanOrEqualTo((int) most);
    }

    /** How many are followed when the tail has had time to look at all of them. */
    private static long followedAfterLooks(EntryTail tail) throws InterruptedException {
        long begunNanos = System.nanoTime();
        while (System.nanoTime() - begunNanos < 4_000_000_000L) {
            assertThat(tail.next(Duration.ofMillis(20))).isFalse();
        }
        return tail.positions().size();
    }
}
