package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.append.DeletionLog;
import dev.streamwal.engine.Environment;
import dev.streamwal.error.TooManyOpenFilesException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalFailedException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** In what order things are deleted, what is written down before, and what may come between or go wrong. */
abstract class DeletionContract extends LogContract {

    private final Operations operations = new Operations();

    DeletionContract(LogHome home) {
        super(home);
    }

    private StreamWal openRecorded() {
        return openRecorded(options());
    }

    private StreamWal openRecorded(WalOptions.Builder options) {
        StreamWal wal = closing(StreamWal.open(root, options.build(),
                new Environment(THIS_BOOT, operations.storages(home.storage()), new SecureRandom()::nextLong, true)));
        wal.deletions(operations.deletions());
        return wal;
    }

    /** So many windows, a segment each; the clock ends in the last one. */
    private List<Written> appendWindows(WalStream stream, int windows) {
        List<Written> written = new ArrayList<>();
        for (int w = 0; w < windows; w++) {
            if (w > 0) {
                clock.advance(WINDOW);
            }
            written.addAll(appendSome(stream, 3));
        }
        return written;
    }

    private static Instant expiration(int window) {
        return Instant.ofEpochMilli(NOW).plus(WINDOW.multipliedBy(window + 1)).plus(RETENTION);
    }

    private static List<String> deletes(List<Path> files) {
        return files.stream().map(file -> "delete " + file.getFileName()).toList();
    }

    private static void assertGone(StreamWal wal, List<Written> records) {
        try (WalReader reader = wal.reader(); EntryBatch batch = reader.readBatch(Written.refs(records))) {
            for (int i = 0; i < batch.size(); i++) {
                assertThat(batch.status(i)).isEqualTo(EntryBatch.Status.EXPIRED);
            }
        }
    }

    private List<String> deletions() {
        return operations.of("deletedBelow", "delete", "deleteDirectory", "forceDirectory");
    }

    /** Whatever the log did before isn't looked at. */
    private void forgetOperations() {
        operations.all.clear();
    }

    // ---------------------------------------------------------------- the order

    @Test
    void sweep_severalStreams_writesAllDownAtOnceBeforeItTouchesAFile() {
        StreamWal wal = openRecorded();
        List<Written> a = appendSome(wal.stream("a"), 3);
        List<Written> b = appendWindows(wal.stream("b"), 3);
        awaitSealed(2);
        Path first = segmentsOf("a").get(0);
        List<Path> files = segmentsOf("b");
        forgetOperations();
        wal.sweep(expiration(1));
        long start = wal.stream("a").endPosition();

        // the sealer forces directories meanwhile
        List<String> done = operations.of("deletedBelow", "delete", "deleteDirectory");
        assertThat(done.get(0)).startsWith("deletedBelow ");
        String above = done.get(0).replaceAll(".*a<(\\d+).*", "$1");
        assertThat(Long.parseLong(above)).as("all of it goes").isGreaterThanOrEqualTo(a.get(2).ref().end());
        assertThat(done.get(0).split(" ")).contains("b<" + SegmentNames.baseOf(files.get(2))).hasSize(3);
        assertThat(done.subList(1, done.size()))
                .containsExactlyInAnyOrder("delete " + first.getFileName(), "deleteDirectory a", "delete " + files.get(0).getFileName(),
                        "delete " + files.get(1).getFileName());
        assertThat(operations.kept).hasValue(0);
        assertThat(start).isEqualTo(a.get(2).ref().end());
        assertThat(appendSome(wal.stream("a"), 1).get(0).ref().position()).isGreaterThanOrEqualTo(Long.parseLong(above));
        assertHoldsNow(wal, "b", b.subList(6, 9));
    }

    @Test
    void sweep_moreStreamsThanAreWrittenDownAtOnce_takesSeveralCalls() {
        int streams = DeletionLog.MAX_STREAMS + 1;
        StreamWal wal = openRecorded(options().ownSegments(streams));
        for (int i = 0; i < streams; i++) {
            appendSome(wal.stream("s" + i), 1);
        }
        clock.set(expiration(0).toEpochMilli());
        forgetOperations();
        assertThat(wal.sweep().deletedSegments()).isEqualTo(streams);
        List<String> calls = operations.of("deletedBelow");
        assertThat(calls).extracting(call -> call.split(" ").length - 1).containsExactly(DeletionLog.MAX_STREAMS, 1);
        assertThat(operations.of("deletedBelow", "delete", "deleteDirectory").subList(0, 2)).isEqualTo(calls);
        assertThat(operations.kept).hasValue(0);
    }

    @Test
    void purge_someSegments_writesDownDeletesAndForcesTheDirectory() {
        StreamWal wal = openRecorded();
        List<Written> written = appendWindows(wal.stream("s"), 3);
        awaitSealed(2);
        List<Path> files = segmentsOf("s");
        forgetOperations();
        wal.purge(Keys.key("s"), Instant.ofEpochMilli(NOW).plus(WINDOW.multipliedBy(2)));
        assertThat(deletions()).containsExactly("deletedBelow s<" + SegmentNames.baseOf(files.get(2)), "delete " + files.get(0).getFileName(),
                "delete " + files.get(1).getFileName(), "forceDirectory s");
        assertThat(operations.kept).hasValue(0);
        assertHoldsNow(wal, "s", written.subList(6, 9));
        forgetOperations();
        wal.purge(Keys.key("s"), Instant.ofEpochMilli(NOW));
        assertThat(deletions()).as("nothing to do").isEmpty();
    }

    @Test
    void delete_aStream_forcesTheDirectoryItWasIn() {
        StreamWal wal = openRecorded();
        List<Written> written = appendWindows(wal.stream("s"), 2);
        awaitSealed(1);
        List<Path> files = segmentsOf("s");
        forgetOperations();
        assertThat(wal.delete("s")).isTrue();
        List<String> done = deletions();
        assertThat(done.get(0)).startsWith("deletedBelow s<");
        assertThat(Long.parseLong(done.get(0).substring(done.get(0).indexOf('<') + 1))).isGreaterThanOrEqualTo(written.get(5).ref().end());
        assertThat(done.subList(1, done.size()))
                .isEqualTo(joined(deletes(files), List.of("deleteDirectory s", "forceDirectory segments")));
        assertThat(wal.delete("s")).isFalse();
    }

    @Test
    void delete_severalStreams_writesAllDownAtOnceAndForcesOnce() {
        StreamWal wal = openRecorded();
        List<Written> a = appendWindows(wal.stream("a"), 2);
        List<Written> b = appendSome(wal.stream("b"), 3);
        List<Written> c = appendSome(wal.stream("c"), 3);
        awaitSealed(1);
        List<String> files = new ArrayList<>();
        for (String key : List.of("a", "b")) {
            files.addAll(deletes(segmentsOf(key)));
            files.add("deleteDirectory " + key);
        }
        forgetOperations();
        assertThat(wal.delete(Keys.of(List.of("a", "b", "there is none")))).isEqualTo(2);
        List<String> done = deletions();
        assertThat(done.get(0)).matches("deletedBelow a<\\d+ b<\\d+");
        assertThat(done.subList(1, done.size())).isEqualTo(joined(files, List.of("forceDirectory segments")));
        assertThat(operations.kept).hasValue(0);
        assertGone(wal, a);
        assertGone(wal, b);
        assertHoldsNow(wal, "c", c);
        assertThat(wal.delete(Keys.of(List.of("a", "b")))).isZero();
    }

    @Test
    void delete_oneOfSeveralCantBeDeleted_deletesTheOthersAndSaysSo() {
        StreamWal wal = openRecorded();
        List<Written> a = appendSome(wal.stream("a"), 2);
        List<Written> b = appendSome(wal.stream("b"), 2);
        List<Written> c = appendSome(wal.stream("c"), 2);
        expectFailures();
        AtomicInteger deletes = new AtomicInteger();
        operations.before = operation -> {
            if (operation.startsWith("delete ") && deletes.incrementAndGet() == 2) {
                throw new IOException("injected: " + operation);
            }
        };
        assertThatThrownBy(() -> wal.delete(Keys.all())).isInstanceOf(WalIOException.class).hasMessageContaining("stream=b");
        assertGone(wal, joined(a, c));
        assertHoldsNow(wal, "b", b);
        assertThat(operations.kept).hasValue(0);
        assertThat(wal.delete(Keys.all())).isEqualTo(1);
        assertGone(wal, b);
        assertHoldsEverywhere(wal, "b", appendSome(wal.stream("b"), 2));
    }

    /** Whatever is looked at in between, or left by a crash, is the end of the stream. */
    @Test
    void delete_ownSegmentsBetweenPartsInSharedOnes_takesTheOldestFirst() {
        List<Written> written = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            StreamWal wal = open(options().ownSegments(0));
            written.addAll(appendSome(wal.stream("s"), 1));
            written.addAll(appendSome(wal.stream("s"), 1, SEGMENT_BYTES / 2));
            wal.close();
        }
        StreamWal wal = openRecorded(options().ownSegments(0));
        written.addAll(appendSome(wal.stream("s"), 1));
        assertThat(segmentsOf("s")).hasSize(2);
        List<List<Written>> left = new ArrayList<>();
        operations.before = operation -> {
            if (operation.startsWith("deletedBelow") || operation.startsWith("forceDirectory")) {
                left.add(found(wal, written));
            }
        };
        assertThat(wal.delete("s")).isTrue();
        operations.before = operation -> {};
        assertThat(left).allSatisfy(some -> assertThat(some).isEqualTo(written.subList(written.size() - some.size(), written.size())));
        assertThat(left).extracting(List::size).contains(4, 3, 2, 1);
        assertGone(wal, written);
    }

    private static List<Written> found(StreamWal wal, List<Written> records) {
        try (WalReader reader = wal.reader(); EntryBatch batch = reader.readBatch(Written.refs(records))) {
            return IntStream.range(0, batch.size()).filter(i -> batch.status(i) == EntryBatch.Status.FOUND).mapToObj(records::get).toList();
        }
    }

    /** A record in shared segments, and then one that is too large for these, are appended after it was looked what goes: both stay. */
    @Test
    void delete_streamGetsSegmentsOfItsOwnMeanwhile_leavesAllThatWasAppendedMeanwhile() {
        StreamWal wal = openRecorded(options().ownSegments(0));
        WalStream stream = wal.stream("s");
        appendSome(stream, 1);
        // once deleted, it may have segments of its own: then their directory is forced between the look and the deletion
        assertThat(wal.delete("s")).isTrue();
        List<Written> before = appendSome(stream, 2);
        List<Written> meanwhile = new ArrayList<>();
        operations.before = operation -> {
            if (operation.equals("forceDirectory segments")) {
                operations.before = any -> {};
                meanwhile.addAll(appendSome(stream, 1));
                meanwhile.addAll(appendSome(stream, 1, SEGMENT_BYTES / 2));
            }
        };
        assertThat(wal.delete("s")).isTrue();
        assertThat(meanwhile).hasSize(2);
        assertThat(segmentsOf("s")).hasSize(1);
        assertGone(wal, before);
        assertHoldsNow(wal, "s", meanwhile);
        meanwhile.addAll(appendSome(stream, 2));
        wal.close();
        StreamWal again = open(options().ownSegments(0));
        assertHoldsNow(again, "s", meanwhile);
        assertThat(again.delete("s")).isTrue();
        assertGone(again, meanwhile);
    }

    @ParameterizedTest
    @ValueSource(strings = {"sweep", "purge", "delete"})
    void deletion_whileItIsWrittenDown_holdsNoLock(String how) {
        StreamWal wal = openRecorded();
        appendWindows(wal.stream("s"), 2);
        awaitSealed(1);
        List<Thread> others = new ArrayList<>();
        operations.before = operation -> {
            if (operation.startsWith("deletedBelow")) {
                Thread other = new Thread(() -> wal.stats(), "test-other");
                others.add(other);
                other.start();
                join(other);
            }
        };
        deleteSome(wal, how);
        assertThat(others).hasSize(1);
        assertThat(others.get(0).isAlive()).isFalse();
    }

    private static void join(Thread thread) {
        try {
            thread.join(Duration.ofSeconds(10).toMillis());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** At least the first window's segment. */
    private static void deleteSome(StreamWal wal, String how) {
        switch (how) {
            case "sweep" -> wal.sweep(expiration(0));
            case "purge" -> wal.purge(Keys.key("s"), Instant.ofEpochMilli(NOW).plus(WINDOW));
            default -> wal.delete("s");
        }
    }

    // ---------------------------------------------------------------- what comes between

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void append_betweenTheDecisionAndTheDeletionOfAll_staysAboveWhatIsWrittenDown(boolean reopened) {
        StreamWal first = openRecorded();
        List<Written> old = appendSome(first.stream("s"), 3);
        StreamWal wal = first;
        if (reopened) {
            first.close();
            wal = openRecorded();
        }
        WalStream stream = wal.stream("s");
        List<Written> fresh = new ArrayList<>();
        List<Long> below = new ArrayList<>();
        operations.before = operation -> {
            if (operation.startsWith("deletedBelow")) {
                below.add(Long.parseLong(operation.substring(operation.indexOf('<') + 1)));
                // by its own clock the segment that is to go could be appended to
                fresh.addAll(appendSome(stream, 2));
            }
        };
        wal.sweep(expiration(0));
        assertThat(fresh).hasSize(2);
        assertThat(fresh.get(0).ref().position()).isGreaterThanOrEqualTo(below.get(0));
        operations.before = operation -> {};
        fresh.addAll(appendSome(stream, MANY));
        assertGone(wal, old);
        assertHoldsEverywhere(wal, "s", fresh);
    }

    @Test
    void append_betweenTheDecisionAndTheDeletionOfAStream_goesOnAtNewPositions() {
        StreamWal wal = openRecorded();
        WalStream stream = wal.stream("s");
        List<Written> old = appendSome(stream, MANY);
        List<Written> fresh = new ArrayList<>();
        operations.before = operation -> {
            if (operation.startsWith("deletedBelow")) {
                fresh.addAll(appendSome(stream, MANY));
            }
        };
        assertThat(wal.delete("s")).isTrue();
        operations.before = operation -> {};
        assertGone(wal, old);
        fresh.addAll(appendSome(stream, 1));
        assertHoldsEverywhere(wal, "s", fresh);
    }

    @ParameterizedTest
    @ValueSource(strings = {"sweep", "purge", "delete"})
    void deletion_whileAnotherWasDecided_deletesEachFileOnce(String inner) {
        StreamWal wal = openRecorded();
        appendWindows(wal.stream("s"), 3);
        awaitSealed(2);
        List<Path> files = segmentsOf("s");
        forgetOperations();
        Operations.Before once = operations.before;
        operations.before = operation -> {
            if (operation.startsWith("deletedBelow")) {
                operations.before = once;
                if (inner.equals("sweep")) {
                    wal.sweep(expiration(1));
                } else {
                    deleteSome(wal, inner);
                }
            }
        };
        wal.purge(Keys.key("s"), Instant.ofEpochMilli(NOW).plus(WINDOW.multipliedBy(2)));
        List<String> expected = deletes(files.subList(0, inner.equals("delete") ? 3 : 2));
        assertThat(operations.of("delete")).isEqualTo(expected);
        assertThat(operations.kept).hasValue(0);
    }

    /** Behind it the files may be the next writer's. */
    @ParameterizedTest
    @ValueSource(strings = {"sweep", "purge", "delete"})
    void close_betweenTheDecisionAndTheDeletion_waitsForTheDeletion(String how) throws InterruptedException {
        StreamWal wal = openRecorded();
        List<Written> written = appendWindows(wal.stream("s"), 2);
        awaitSealed(1);
        expectFailures();
        List<Path> files = segmentsOf("s");
        forgetOperations();
        // a deletion's own thread is refused
        Thread closer = new Thread(wal::close, "closer");
        operations.before = operation -> {
            if (operation.startsWith("deletedBelow")) {
                closer.start();
                await("it waits for the lock of deletions", () -> closer.getState() == Thread.State.WAITING);
            }
        };
        try {
            deleteSome(wal, how);
        } catch (WalClosedException e) {
            // before it went on to another stream
        }
        closer.join(300_000);
        assertThat(closer.isAlive()).isFalse();
        assertThat(operations.of("delete")).isEqualTo(deletes(files.subList(0, how.equals("delete") ? 2 : 1)));
        operations.before = operation -> {};
        StreamWal again = open();
        assertGone(again, written.subList(0, how.equals("delete") ? 6 : 3));
        List<Written> left = new ArrayList<>(how.equals("delete") ? List.of() : written.subList(3, 6));
        left.addAll(appendSome(again.stream("s"), 2));
        assertHoldsEverywhere(again, "s", left);
    }

    // ---------------------------------------------------------------- what goes wrong

    @ParameterizedTest
    @ValueSource(strings = {"sweep", "purge", "delete"})
    void deletion_thatCantBeWrittenDown_touchesNothing(String how) {
        StreamWal wal = openRecorded();
        List<Written> written = appendWindows(wal.stream("s"), 2);
        awaitSealed(1);
        expectFailures();
        List<Path> files = segmentsOf("s");
        forgetOperations();
        operations.failAt("deletedBelow");
        if (how.equals("sweep")) {
            assertThat(wal.sweep(expiration(0))).isEqualTo(result(0, 1, 2, 0));
            assertThat(wal.health().cause().orElseThrow()).hasMessageContaining("injected: deletedBelow");
        } else {
            assertThatThrownBy(() -> deleteSome(wal, how)).isInstanceOf(WalIOException.class).hasMessageContaining("injected: deletedBelow")
                    .hasMessageContaining("stream=s");
        }
        assertThat(operations.of("delete", "deleteDirectory", "forceDirectory")).isEmpty();
        assertThat(segmentsOf("s")).isEqualTo(files);
        operations.before = operation -> {};
        long end = written.get(5).ref().end();
        assertThat(wal.stream("s").endPosition()).isEqualTo(end);
        written.addAll(appendSome(wal.stream("s"), 2));
        assertHoldsNow(wal, "s", written);
        wal.close();
        StreamWal again = open();
        written.addAll(appendSome(again.stream("s"), 2));
        assertHoldsNow(again, "s", written);
        deleteSome(again, how);
        assertGone(again, written.subList(0, 3));
    }

    @Test
    void deletion_thatFailsHalfWay_leavesTheRestToTheNextSweep() {
        StreamWal wal = openRecorded();
        List<Written> written = appendWindows(wal.stream("s"), 4);
        awaitSealed(3);
        expectFailures();
        List<Path> files = segmentsOf("s");
        operations.failAt("delete " + files.get(1).getFileName());
        assertThat(wal.sweep(expiration(2))).extracting(SweepResult::deletedSegments, SweepResult::failedSegments).containsExactly(1, 1);
        assertThat(segmentsOf("s")).isEqualTo(files.subList(1, 4));
        assertThat(operations.kept).hasValue(0);
        assertHoldsNow(wal, "s", written.subList(3, 12));
        operations.before = operation -> {};
        assertThat(wal.sweep(expiration(2)).deletedSegments()).isEqualTo(2);
        assertGone(wal, written.subList(0, 9));
        assertHoldsEverywhere(wal, "s", written.subList(9, 12));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void deletionOfAll_thatFails_keepsTheStreamWholeWhateverIsAppendedNext(boolean reopened) {
        StreamWal first = openRecorded();
        List<Written> written = appendSome(first.stream("s"), 3);
        StreamWal wal = first;
        if (reopened) {
            first.close();
            wal = openRecorded();
        }
        expectFailures();
        operations.failAt("delete ");
        assertThat(wal.sweep(expiration(0)).failedSegments()).isEqualTo(1);
        operations.before = operation -> {};
        written.addAll(appendSome(wal.stream("s"), 2));
        assertHoldsNow(wal, "s", written);
        wal.close();
        StreamWal again = open();
        written.addAll(appendSome(again.stream("s"), 2));
        assertHoldsNow(again, "s", written);
        assertThat(again.sweep(expiration(0)).deletedSegments()).isEqualTo(3);
    }

    /** A packed segment's file might come back from a power loss: before that is ruled out, what stands in packs doesn't go. */
    @Test
    void purge_directoryOfWhatWasPackedCantBeForced_leavesThePacks() {
        StreamWal wal = openRecorded(options().ownSegments(0).streams("*", StreamOptions.builder().segments(Segments.OWN).build()));
        List<Written> a = new ArrayList<>();
        List<Written> b = new ArrayList<>();
        for (int window = 0; window < 3; window++) {
            a.addAll(appendSome(wal.stream("a"), 3));
            b.addAll(appendSome(wal.stream("b"), 3));
            clock.advance(WINDOW);
        }
        awaitSealed(4);
        assertThat(wal.pack()).isPositive();
        expectFailures();
        operations.before = operation -> {
            if (operation.equals("forceDirectory a")) {
                throw new IOException("Too many open files");
            }
        };
        Instant before = Instant.ofEpochMilli(NOW).plus(WINDOW);
        assertThatThrownBy(() -> wal.purge(Keys.all(), before)).isInstanceOf(TooManyOpenFilesException.class).hasMessageContaining("stream=a");
        assertHoldsNow(wal, "a", a);
        assertGone(wal, b.subList(0, 3));
        operations.before = operation -> {};
        assertThat(wal.purge(Keys.all(), before).deletedSegments()).isEqualTo(1);
        assertGone(wal, a.subList(0, 3));
        assertHoldsNow(wal, "a", a.subList(3, 9));
        assertHoldsNow(wal, "b", b.subList(3, 9));
    }

    @ParameterizedTest
    @ValueSource(strings = {"purge", "delete"})
    void deletion_whoseDirectoryCantBeForced_failsTheLog(String how) {
        StreamWal wal = openRecorded();
        List<Written> written = appendWindows(wal.stream("s"), 2);
        awaitSealed(1);
        expectFailures();
        operations.failAt("forceDirectory");
        assertThatThrownBy(() -> deleteSome(wal, how)).isInstanceOf(WalFailedException.class).hasRootCauseMessage("injected: forceDirectory "
                + (how.equals("purge") ? "s" : "segments"));
        assertThat(operations.kept).hasValue(0);
        operations.before = operation -> {};
        assertGone(wal, written.subList(0, 3));
        // another force would succeed, and prove nothing
        assertThat(wal.health().state()).isEqualTo(WalHealth.State.FAILED);
        assertThatThrownBy(wal::close).isInstanceOf(WalFailedException.class);
    }
}
