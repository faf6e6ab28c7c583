package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.commit.JournalSizes;
import dev.streamwal.engine.Environment;
import dev.streamwal.error.DiskFullException;
import dev.streamwal.journal.FrontierFile;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A disk that is full: the append says so and has reserved nothing, what was there before is there still, and when there is room again
 * it goes on as if nothing had been.
 */
abstract class FullDiskContract extends LogContract {

    /** What the disks of these tests hold. */
    static final int DISK_BYTES = 4 << 20;

    private static final JournalSizes SMALL_JOURNAL = new JournalSizes(512 << 10, 512 << 10, 1 << 20, 64 << 10, 32 << 10);
    private static final int MAX_APPENDS = 20_000;

    FullDiskContract(LogHome home) {
        super(home);
    }

    @Override
    WalOptions.Builder options() {
        return super.options().segmentBytes(1 << 20);
    }

    /** Durably by default, with a journal for which the disk has room when it isn't full. */
    private StreamWal open(JournalSizes journal) {
        return open(options().durability(Durability.IMMEDIATE).build(), journal, true);
    }

    private StreamWal open(WalOptions built, JournalSizes journal, boolean threads) {
        Environment machine = Environment.ofThisMachine(built.storage().kind());
        return closing(StreamWal.open(root, built, new Environment(THIS_BOOT, machine.storages(), machine.salts(), threads, journal)));
    }

    /** Fills the disk but for so many bytes; to be deleted to make room. */
    private Path ballast(int bytesLeft) throws IOException {
        Path file = Files.createDirectories(home.place("ballast")).resolve("file");
        // all that there is first, then back: so the rest is as large as it is to be, whatever the file system needs for itself
        byte[] block = new byte[4_096];
        long written = 0;
        try (OutputStream out = Files.newOutputStream(file)) {
            while (written <= 2L * DISK_BYTES) {
                out.write(block);
                written += block.length;
            }
            throw new AssertionError("the disk isn't small");
        } catch (IOException full) {
            // as wanted
        }
        try (var channel = Files.newByteChannel(file, StandardOpenOption.WRITE)) {
            channel.truncate(Math.max(0, channel.size() - bytesLeft) & -4_096);
        }
        return file;
    }

    private List<Written> appendUntilFull(WalStream stream, int contentBytes) {
        List<Written> written = new ArrayList<>();
        for (int i = 0; i < MAX_APPENDS; i++) {
            byte[] content = bytes(contentBytes, i);
            long end = stream.endPosition();
            try {
                written.add(Written.of(stream.append(content), NOW, content));
            } catch (DiskFullException e) {
                assertFull(stream, e);
                assertThat(stream.endPosition()).as("nothing was reserved").isEqualTo(end);
                return written;
            }
        }
        throw new AssertionError("the disk is never full");
    }

    private void assertFull(WalStream stream, DiskFullException e) {
        assertThat(e).hasMessageContaining("the disk is full").hasMessageContaining("stream=" + stream.key())
                .hasMessageContaining("file=" + root);
        assertThat(e.key()).isEqualTo(stream.key());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, MANY})
    void append_diskFull_failsAndGoesOnWhenThereIsRoom(int before) throws IOException {
        expectFailures();
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, before);
        assertThat(wal.stats().mappedSegments()).isEqualTo(home.isMapped() && before > 0 ? 1 : 0);
        Path ballast = ballast(200_000);
        written.addAll(appendUntilFull(stream, 3_000));
        assertThat(written).hasSizeGreaterThan(before + 5);
        assertHoldsNow(wal, "s", written);
        for (int attempt = 0; attempt < 3; attempt++) {
            assertThatThrownBy(() -> stream.append(new byte[300_000])).isInstanceOfSatisfying(DiskFullException.class,
                    e -> assertFull(stream, e));
            assertThatThrownBy(() -> stream.appendBatch(List.of(WriteEntry.of(new byte[150_000]), WriteEntry.of(new byte[150_000]))))
                    .isInstanceOf(DiskFullException.class);
            assertThatThrownBy(() -> stream.appendIfEndIs(stream.endPosition(), WriteEntry.of(new byte[300_000])))
                    .isInstanceOf(DiskFullException.class);
        }
        assertHoldsNow(wal, "s", written);
        Files.delete(ballast);
        written.addAll(appendSome(stream, MANY, 3_000));
        assertNoPositionIsGivenTwice(written);
        assertHoldsEverywhere(wal, "s", written);
    }

    /** A program that looks at the health alone must see that nothing is appended. */
    @ParameterizedTest
    @ValueSource(ints = {0, 64})
    void health_diskFull_isDegradedUntilAnAppendHasRoom(int ownSegments) throws IOException {
        expectFailures();
        StreamWal wal = open(options().ownSegments(ownSegments));
        WalStream stream = wal.stream("s");
        appendSome(stream, 3);
        assertThat(wal.health().state()).isEqualTo(WalHealth.State.OK);
        clock.advance(Duration.ofSeconds(1));
        Instant full = clock.instant();
        Path ballast = ballast(0);
        for (int attempt = 0; attempt < 3; attempt++) {
            assertThatThrownBy(() -> stream.append(new byte[300_000])).isInstanceOf(DiskFullException.class);
            clock.advance(Duration.ofSeconds(1));
            assertThat(wal.health().state()).isEqualTo(WalHealth.State.DEGRADED);
        }
        Files.delete(ballast);
        await("what is prepared in the background knows that there is room", () -> {
            stream.append(new byte[100_000]);
            return wal.health().state() == WalHealth.State.OK;
        });
        Path again = ballast(0);
        // fills what was prepared
        assertThatThrownBy(() -> {
            for (int i = 0; i < MAX_APPENDS; i++) {
                wal.stream("s" + i % 4).append(new byte[3_000]);
            }
        }).isInstanceOf(DiskFullException.class);
        assertThat(wal.health().state()).isEqualTo(WalHealth.State.DEGRADED);
        assertThat(wal.health().cause().orElseThrow()).hasMessageContaining("the disk is full");
        assertThat(wal.health().since()).isAfter(full);
        Files.delete(again);
    }

    /** Nor may it be the journal alone that has no room. */
    @Test
    void health_diskFullWhenTheJournalIsMade_isDegradedUntilItIs() throws IOException {
        expectFailures();
        StreamWal wal = open(SMALL_JOURNAL);
        WalStream stream = wal.stream("s");
        Path ballast = ballast(200_000);
        assertThatThrownBy(() -> stream.append(new byte[9])).isInstanceOf(DiskFullException.class);
        WalHealth health = wal.health();
        assertThat(health.state()).isEqualTo(WalHealth.State.DEGRADED);
        assertThat(health.task()).contains("checkpoint");
        assertThat(health.cause().orElseThrow()).isInstanceOf(DiskFullException.class);
        Files.delete(ballast);
        stream.append(new byte[9]);
        assertThat(wal.health().state()).isEqualTo(WalHealth.State.OK);
    }

    /** What was written in vain may have been read by somebody: its positions become nobody else's. */
    private static void assertNoPositionIsGivenTwice(List<Written> written) {
        for (int i = 1; i < written.size(); i++) {
            assertThat(written.get(i).ref().position()).isGreaterThanOrEqualTo(written.get(i - 1).ref().end());
        }
    }

    @Test
    void append_diskFullWithManyColdStreams_everyOneKeepsWhatItHas() throws IOException {
        expectFailures();
        StreamWal wal = open();
        ballast(300_000);
        Map<String, List<Written>> written = new LinkedHashMap<>();
        boolean full = false;
        for (int i = 0; !full && i < MAX_APPENDS; i++) {
            String key = "s" + i % 20;
            List<Written> of = written.computeIfAbsent(key, any -> new ArrayList<>());
            byte[] content = bytes(1_500, i);
            try {
                of.add(Written.of(wal.stream(key).append(content), NOW, content));
            } catch (DiskFullException e) {
                full = true;
            }
        }
        assertThat(full).isTrue();
        written.forEach((key, records) -> assertHoldsNow(wal, key, records));
        Files.delete(home.place("ballast").resolve("file"));
        for (String key : written.keySet()) {
            written.get(key).addAll(appendSome(wal.stream(key), 20));
            assertNoPositionIsGivenTwice(written.get(key));
        }
        wal.close();
        StreamWal again = open();
        written.forEach((key, records) -> assertHoldsNow(again, key, records));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, MANY})
    void append_diskFullAtARotation_theOldSegmentIsWholeAndTheNewOneComesWhenThereIsRoom(int before) throws IOException {
        expectFailures();
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, before + 3);
        Path ballast = ballast(0);
        clock.advance(WINDOW);
        long end = stream.endPosition();
        for (int attempt = 0; attempt < 3; attempt++) {
            assertThatThrownBy(() -> stream.append(new byte[50_000])).isInstanceOf(DiskFullException.class);
            assertThatThrownBy(() -> wal.stream("new").append(new byte[50_000])).isInstanceOf(DiskFullException.class);
        }
        assertThat(stream.endPosition()).isEqualTo(end);
        assertHoldsNow(wal, "s", written);
        assertThat(Written.drain(readerOf(wal).scan("new"))).isEmpty();
        Files.delete(ballast);
        List<Written> more = appendSome(stream, MANY, 1_000);
        assertContiguous(more);
        assertThat(more.get(0).ref().position()).as("behind what was written in vain").isGreaterThanOrEqualTo(end);
        written.addAll(more);
        List<Written> fresh = appendSome(wal.stream("new"), 3);
        // a footer that found no room is written by the next passes
        await("the first segment is sealed", () -> {
            wal.sweep();
            return events.sealed.size() == 1;
        });
        assertHoldsNow(wal, "new", fresh);
        assertHoldsEverywhere(wal, "s", written);
    }

    /** A program that goes on trying, with a key of its own for each record, fills neither the memory nor the folder. */
    @ParameterizedTest
    @EnumSource(Segments.class)
    void append_everNewKeysAndDiskFull_leavesNothingOfThem(Segments segments) throws IOException {
        expectFailures();
        StreamWal wal = open(options().ownSegments(1).streams("*", StreamOptions.builder().segments(segments).build()));
        appendSome(wal.stream("s"), MANY);
        appendSome(wal.stream("t"), MANY);
        Path ballast = ballast(100_000);
        appendUntilFull(wal.stream("s"), 3_000);
        // some streams get a segment that can't grow
        assertNoneHasRoom(wal, "few/", 100);
        long streams = wal.stats().streams();
        List<Path> directories = directories();
        assertNoneHasRoom(wal, "new/", 500);
        assertThat(wal.stats().streams()).isEqualTo(streams);
        assertThat(directories()).isEqualTo(directories);
        Files.delete(ballast);
        List<Written> written = appendSome(wal.stream("new/1"), MANY, 1_000);
        assertContiguous(written);
        assertHoldsEverywhere(wal, "new/1", written);
    }

    private static void assertNoneHasRoom(StreamWal wal, String prefix, int keys) {
        for (int i = 0; i < keys; i++) {
            WalStream stream = wal.stream(prefix + i);
            assertThatThrownBy(() -> stream.append(new byte[200_000])).isInstanceOf(DiskFullException.class);
            assertThatThrownBy(() -> stream.appendBatch(List.of(WriteEntry.of(new byte[100_000]), WriteEntry.of(new byte[100_000]))))
                    .isInstanceOf(DiskFullException.class);
        }
    }

    private List<Path> directories() throws IOException {
        try (Stream<Path> all = Files.list(root.resolve("segments"))) {
            return all.filter(Files::isDirectory).sorted().toList();
        }
    }

    @Test
    void append_batchOfManyStreamsAndDiskFull_eachStreamHasAllOrNothing() throws IOException {
        expectFailures();
        StreamWal wal = open();
        ballast(150_000);
        WriteBatch batch = new WriteBatch();
        for (int i = 0; i < 40; i++) {
            batch.add("s" + i % 10, WriteEntry.of(bytes(8_000, i), NOW));
        }
        assertThatThrownBy(() -> wal.append(batch)).isInstanceOf(DiskFullException.class);
        int whole = 0;
        for (int s = 0; s < 10; s++) {
            List<Written> found = Written.drain(readerOf(wal).scan("s" + s));
            assertThat(found.size()).isIn(0, 4);
            whole += found.size() / 4;
            assertThat(readerOf(wal).verify("s" + s).damage()).isEmpty();
        }
        assertThat(whole).isBetween(1, 9);
        Files.delete(home.place("ballast").resolve("file"));
        assertThat(wal.append(batch)).hasSize(40);
    }

    @Test
    void open_diskFull_failsOrOpensAndLosesNothing() throws IOException {
        expectFailures();
        StreamWal wal = open();
        List<Written> written = appendSome(wal.stream("s"), MANY);
        wal.close();
        Path ballast = ballast(0);
        try (StreamWal again = open()) {
            assertHoldsNow(again, "s", written);
            List<Written> more = new ArrayList<>();
            assertThatThrownBy(() -> more.addAll(appendSome(again.stream("s"), 1_000, 1_000))).isInstanceOf(DiskFullException.class);
        }
        try (WalReader reader = WalReader.open(root)) {
            assertThat(Written.drain(reader.scan("s"))).startsWith(written.toArray(Written[]::new));
            assertThat(reader.verify("s").damage()).isEmpty();
        }
        // another boot has to be written down
        try (StreamWal next = open(options(), NEXT_BOOT)) {
            assertThat(next.keys()).containsExactly("s");
        } catch (DiskFullException e) {
            assertThat(e).hasMessageContaining("open the log").hasMessageContaining("file=" + root);
        }
        Files.delete(ballast);
        StreamWal last = open(options(), NEXT_BOOT);
        assertThat(Written.drain(readerOf(last).scan("s"))).startsWith(written.toArray(Written[]::new));
        appendSome(last.stream("s"), MANY);
        assertThat(readerOf(last).verify("s").damage()).isEmpty();
    }

    /** Nothing of the journal has to be written for that. */
    @Test
    void open_diskFullAndThereIsAJournal_opens() throws IOException {
        expectFailures();
        List<Written> written;
        try (StreamWal wal = open(SMALL_JOURNAL)) {
            written = appendSome(wal.stream("s"), MANY);
            EntryRef unused = wal.stream("other").append(WriteEntry.of(new byte[9]), Durability.IMMEDIATE);
        }
        assertThat(FrontierFile.path(root)).exists();
        Path ballast = ballast(0);
        for (int i = 0; i < 2; i++) {
            try (StreamWal again = open(SMALL_JOURNAL)) {
                assertHoldsNow(again, "s", written);
            }
        }
        Files.delete(ballast);
        StreamWal last = open(SMALL_JOURNAL);
        written.addAll(appendSome(last.stream("s"), MANY));
        assertHoldsEverywhere(last, "s", written);
    }

    /** What stays of a segment that a checkpoint has a link to is copied: the disk has no room for it, neither then nor when the log is opened again. */
    @Test
    void truncateAfter_diskFullForWhatStays_andOpenedAgain_opensAndIsCutWhenThereIsRoom() throws IOException {
        expectFailures();
        List<Written> written;
        List<Written> other;
        Path ballast;
        try (StreamWal wal = open(SMALL_JOURNAL)) {
            written = appendSome(wal.stream("s"), 300, 1_000);
            other = appendSome(wal.stream("other"), 3);
            clock.advance(WINDOW);
            written.addAll(appendSome(wal.stream("s"), 3));
            await("the first segment is sealed", () -> {
                wal.sweep();
                return !events.sealed.isEmpty();
            });
            wal.checkpoint(home.place("checkpoint"));
            ballast = ballast(0);
            List<Written> all = written;
            assertThatThrownBy(() -> wal.stream("s").truncateAfter(all.get(200).ref())).isInstanceOf(DiskFullException.class);
        }
        List<Written> kept = new ArrayList<>(written.subList(0, 201));
        for (int i = 0; i < 2; i++) {
            try (StreamWal again = open(SMALL_JOURNAL)) {
                assertHoldsNow(again, "other", other);
                assertThatThrownBy(() -> again.stream("s").append(new byte[9])).isInstanceOf(DiskFullException.class).hasMessageContaining("stream=s");
                assertThat(Written.drain(readerOf(again).scan("s"))).startsWith(kept.toArray(Written[]::new));
                again.sweep();
                int unused = again.pack();
            }
        }
        StreamWal last = open(SMALL_JOURNAL);
        last.sweep();
        Files.delete(ballast);
        kept.addAll(appendSome(last.stream("s"), MANY));
        assertThat(kept.get(201).ref().position()).as("no position is given twice").isGreaterThanOrEqualTo(written.get(302).ref().end());
        assertHoldsEverywhere(last, "s", kept);
        try (WalReader ofCopy = WalReader.open(home.place("checkpoint"))) {
            Written.assertHolds(ofCopy, "s", written);
        }
    }

    @Test
    void sweep_diskFull_makesRoom() throws IOException {
        expectFailures();
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> old = appendSome(stream, 300, 3_000);
        ballast(100_000);
        clock.advance(WINDOW.plus(RETENTION));
        assertThatThrownBy(() -> appendSome(stream, 2_000, 3_000)).isInstanceOf(DiskFullException.class);
        assertThat(wal.sweep(clock.instant()).deletedSegments()).isPositive();
        List<Written> fresh = appendSome(stream, 20, 3_000);
        assertThat(readerOf(wal).find(old.get(0).ref())).isEmpty();
        assertThat(Written.drain(readerOf(wal).scanLast("s", 20))).isEqualTo(fresh);
    }

    /** Not a block is free: what is to be deleted has to be written down without one. */
    @Test
    void sweep_packsAndNoBlockIsFree_makesRoom_andTheListOfPacksHasItsCopyAgain() throws Exception {
        expectFailures();
        StreamWal wal = open(options().ownSegments(0).segmentBytes(64 << 10));
        for (int i = 0; i < 100; i++) {
            appendSome(wal.stream("s/" + i), 10, 500);
        }
        clock.advance(WINDOW.multipliedBy(2));
        // sealing happens in the background
        await("all is in packs", () -> {
            int unused = wal.pack();
            return wal.stats().sharedSegments() == 0;
        });
        Path copy = root.resolve("packs/manifest.copy");
        assertThat(copy).exists();
        ballast(0);
        clock.advance(WINDOW.plus(RETENTION));
        assertThat(wal.sweep(clock.instant()).deletedSegments()).isEqualTo(100);
        assertThat(copy).hasSameBinaryContentAs(root.resolve("packs/manifest"));
        List<Written> fresh = appendSome(wal.stream("s/1"), 20, 500);
        assertThat(Written.drain(readerOf(wal).scanLast("s/1", 20))).isEqualTo(fresh);
    }

    /** The log's own stream, which the record was to go to, has another key and other positions. */
    @Test
    void append_sharedSegmentsHaveFilledTheDisk_namesTheStreamAndThePlaceOfItsRecord() {
        expectFailures();
        // without threads: the one that seals gives back the room that is kept for footers, and another append fits
        StreamWal wal = open(options().ownSegments(0).segmentBytes(64 << 10).build(), JournalSizes.DEFAULT, false);
        WalStream stream = wal.stream("odd\n\u0000key");
        EntryRef first = stream.append(bytes(500, 1));
        long sealed;
        do {
            sealed = wal.activity().sealedSegments();
            assertThatThrownBy(() -> appendToMany(wal, new LinkedHashMap<>())).isInstanceOf(DiskFullException.class);
            wal.runBackground();
        } while (wal.activity().sealedSegments() > sealed);
        assertConcerns(stream, first.end(), () -> stream.append(bytes(5_000, 2)));
        // a place that was reserved in vain isn't given again
        long next = stream.append(bytes(0, 3)).position();
        assertThat(next).isBetween(first.end() + 5_000, first.end() + 6_000);
    }

    private static void assertConcerns(WalStream stream, long position, ThrowingCallable append) {
        assertThatThrownBy(append).isInstanceOfSatisfying(DiskFullException.class, e -> {
            assertThat(e.key()).isEqualTo(stream.key());
            assertThat(e.position()).isEqualTo(position);
            assertThat(e).hasMessageContaining("stream=odd\\n\\u0000key, position=" + position).hasMessageContaining("the disk is full")
                    .hasMessageNotContaining("u0000shared,").hasMessageMatching("\\P{Cntrl}*");
        });
    }

    /** Nothing else is there that could go: packing needs room, and there is some, though appends have been refused. */
    @ParameterizedTest
    @ValueSource(ints = {64 << 10, 256 << 10, 1 << 20})
    void sweep_sharedSegmentsAloneHaveFilledTheDisk_makesRoom(int segmentBytes) {
        // a segment is no longer prepared ahead
        expectFailures();
        WalOptions.Builder options = options().ownSegments(0).segmentBytes(segmentBytes);
        Map<String, List<Written>> written = new LinkedHashMap<>();
        try (StreamWal before = open(options)) {
            // leaves a small segment before the large ones
            written.put("s/0", appendSome(before.stream("s/0"), 3));
        }
        StreamWal wal = open(options);
        assertThatThrownBy(() -> appendToMany(wal, written)).isInstanceOf(DiskFullException.class)
                .hasMessageContaining("the disk is full").hasMessageContaining("reserved for packing").hasMessageContaining("kept=");
        for (String key : List.of("s/0", "s/31")) {
            assertHoldsNow(wal, key, written.get(key));
        }
        clock.advance(WINDOW);
        // sealing happens in the background
        await("all is in packs", () -> {
            int unused = wal.pack();
            return wal.stats().sharedSegments() == 0;
        });
        assertThat(heard().failures).allMatch(failure -> failure.toString().contains("task=prepare"));
        for (String key : List.of("s/0", "s/31")) {
            assertHoldsNow(wal, key, written.get(key));
        }
        clock.advance(RETENTION);
        assertThat(wal.sweep(clock.instant()).deletedSegments()).isGreaterThanOrEqualTo(written.size());
        List<Written> fresh = appendSome(wal.stream("s/1"), 20, 500);
        assertThat(Written.drain(readerOf(wal).scanLast("s/1", 20))).isEqualTo(fresh);
    }

    /** The thread that seals is slower than those that append, as where the disk takes long to flush: no segment has its footer when the disk is full. */
    @ParameterizedTest
    @ValueSource(ints = {64 << 10, 256 << 10, 1 << 20})
    void pack_sharedSegmentsHaveFilledTheDiskBeforeTheyWereSealed_makesRoom(int segmentBytes) {
        expectFailures();
        WalOptions built = options().ownSegments(0).segmentBytes(segmentBytes).build();
        Map<String, List<Written>> written = new LinkedHashMap<>();
        try (StreamWal before = StreamWal.open(root, built)) {
            // leaves a small segment before the large ones
            written.put("s/0", appendSome(before.stream("s/0"), 3));
        }
        CountDownLatch isFull = new CountDownLatch(1);
        WatchedStorages storages = new WatchedStorages(built.storage().kind(), (operation, path) -> {
            if (Thread.currentThread().getName().equals("stream-wal-seal")) {
                awaitUninterruptibly(isFull);
            }
        });
        Environment machine = Environment.ofThisMachine(built.storage().kind());
        StreamWal wal = closing(StreamWal.open(root, built, new Environment(THIS_BOOT, storages, machine.salts(), true)));
        try {
            assertThatThrownBy(() -> appendToMany(wal, written)).isInstanceOf(DiskFullException.class).hasMessageContaining("reserved for packing");
        } finally {
            isFull.countDown();
        }
        clock.advance(WINDOW);
        await("all is in packs", () -> {
            int unused = wal.pack();
            return wal.stats().sharedSegments() == 0;
        });
        for (String key : List.of("s/0", "s/31")) {
            assertHoldsNow(wal, key, written.get(key));
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        boolean isInterrupted = false;
        while (latch.getCount() > 0) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                isInterrupted = true;
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void appendToMany(StreamWal wal, Map<String, List<Written>> written) {
        for (int i = 0; i < MAX_APPENDS; i++) {
            String key = "s/" + i % 50;
            byte[] content = bytes(500, i);
            Written next = Written.of(wal.stream(key).append(content), NOW, content);
            written.computeIfAbsent(key, any -> new ArrayList<>()).add(next);
        }
    }

    @Test
    void append_diskFullWhenTheJournalIsMade_isDurableWhenThereIsRoom() throws IOException {
        expectFailures();
        StreamWal wal = open(SMALL_JOURNAL);
        WalStream stream = wal.stream("s");
        Path ballast = ballast(200_000);
        assertThatThrownBy(() -> stream.append(new byte[9])).isInstanceOf(DiskFullException.class).hasMessageContaining("nothing was appended");
        assertThatThrownBy(() -> wal.stream("new").append(new byte[9])).isInstanceOf(DiskFullException.class);
        assertThat(Written.drain(readerOf(wal).scan("s"))).isEmpty();
        Files.delete(ballast);
        // makes no journal, and has the background look at it
        wal.stream("other").append(WriteEntry.of(new byte[9]), Durability.BUFFERED);
        wal.sync();
        wal.runBackground();
        assertThat(root.resolve("commit")).satisfiesAnyOf(folder -> assertThat(folder).doesNotExist(),
                folder -> assertThat(folder).isEmptyDirectory());
        List<Written> written = appendSome(stream, 3);
        wal.sync();
        assertThat(wal.delete("other")).isTrue();
        assertHoldsEverywhere(wal, "s", written);
    }

    /** It isn't an append: what its caller asks is whether anything was cut. */
    @Test
    void truncateAfter_diskFullWhenTheJournalIsMade_saysThatNothingWasCut() throws IOException {
        expectFailures();
        StreamWal wal = open();
        WalStream stream = wal.stream("s");
        List<Written> written = appendSome(stream, 3);
        Path ballast = ballast(0);
        assertThatThrownBy(() -> stream.truncateAfter(written.get(0).ref())).isInstanceOf(DiskFullException.class)
                .hasMessageContaining("can't cut the stream").hasMessageContaining("nothing was cut").hasMessageNotContaining("appended");
        Files.delete(ballast);
        assertHoldsEverywhere(wal, "s", written);
    }

    @Test
    void delete_diskFullWithoutAJournal_makesRoom() throws IOException {
        expectFailures();
        StreamWal wal = open();
        appendSome(wal.stream("s"), MANY);
        List<Written> kept = appendSome(wal.stream("kept"), 3);
        ballast(0);
        assertThat(wal.delete("s")).isTrue();
        assertThat(wal.keys()).containsExactly("kept");
        assertHoldsNow(wal, "kept", kept);
    }
}
