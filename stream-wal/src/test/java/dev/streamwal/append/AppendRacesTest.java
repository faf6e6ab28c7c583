package dev.streamwal.append;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.WalClosedException;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import dev.streamwal.segment.TimeRange;
import dev.streamwal.storage.ChannelStorage;
import dev.streamwal.storage.MappedStorage;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Interleavings that are rare, brought about one by one. */
@Timeout(300)
class AppendRacesTest {

    private static final String KEY = "stream";
    private static final int SEGMENT_BYTES = 64 << 10;
    private static final int SOME = 20;
    private static final TimeRange ALL = TimeRange.of(Instant.MIN, Instant.MAX);

    @TempDir
    Path root;

    private SeamedLog open(@Nullable AppendSeam seam) throws IOException {
        if (!Files.exists(root.resolve("positions"))) {
            SeamedLog.create(root);
        }
        return new SeamedLog(root, storage, SEGMENT_BYTES, seam);
    }

    private static long append(SeamedLog log, String key, int number) {
        return log.append(key, Source.EMPTY, Source.of(Integer.toString(number).getBytes(StandardCharsets.UTF_8)));
    }

    /** Holds one append in its slot until it is released. */
    private static final class Hold implements AppendSeam {
        private final AtomicReference<@Nullable Thread> who = new AtomicReference<>();
        private final CountDownLatch held = new CountDownLatch(1);
        private final CountDownLatch released = new CountDownLatch(1);

        @Override
        public void beforeReserve() {}

        @Override
        public void afterReserve() {
            if (Thread.currentThread().equals(who.get())) {
                held.countDown();
                try {
                    released.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        }

        Thread hold(Runnable append) throws InterruptedException {
            Thread thread = new Thread(append, "held");
            who.set(thread);
            thread.start();
            assertThat(held.await(300, TimeUnit.SECONDS)).isTrue();
            return thread;
        }

        void release(Thread thread) throws InterruptedException {
            released.countDown();
            thread.join(300_000);
            assertThat(thread.isAlive()).isFalse();
        }
    }

    /** A thread that appends to it may have all streams made durable next, and goes through those that were told. */
    @Test
    void firstSegment_isToldBeforeAnyThreadCanAppendToIt() throws IOException {
        SeamedLog log = open(null);
        List<String> told = new ArrayList<>();
        log.stream(KEY).watch((stream, own, any) -> told.add("own=" + own + ", active=" + (stream.activeSegment() != null)), log);
        long unused = append(log, KEY, 1);
        assertThat(told).containsExactly("own=false, active=false", "own=true, active=false");
        assertThat(log.closeAll()).isTrue();
    }

    @Test
    void close_whileASlotIsUnpublished_letsNobodyAppendAnyMore() throws Exception {
        Hold hold = new Hold();
        SeamedLog log = open(hold);
        for (int i = 0; i < SOME; i++) {
            append(log, KEY, i);
        }
        Thread held = hold.hold(() -> append(log, KEY, SOME));
        assertThat(log.closeAll()).as("the mapping is left to the process").isFalse();
        assertThatThrownBy(() -> append(log, KEY, 1)).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(() -> log.stream(KEY).sealIfIdle(Long.MAX_VALUE)).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(() -> log.stream(KEY).deleteOldest(0, Long.MAX_VALUE)).isInstanceOf(WalClosedException.class);
        hold.release(held);
    }

    /** By position, a record is in the file, and can be read, before anything else says so. */
    @Test
    void endPosition_ofAStreamWhoseLastRecordWasShown_isNotBeforeIt() throws Exception {
        storage = FailingStorage.byPosition();
        try (SeamedLog log = open(null); WalReader reader = log.reader()) {
            append(log, KEY, 0);
            CountDownLatch written = new CountDownLatch(1);
            CountDownLatch mayReturn = new CountDownLatch(1);
            storage.written = written;
            storage.mayReturn = mayReturn;
            Thread appending = new Thread(() -> append(log, KEY, 1), "appending");
            appending.start();
            written.await();
            long shown = reader.latest(KEY).orElseThrow().ref().end();
            FutureTask<Long> end = new FutureTask<>(() -> log.stream(KEY).endPosition());
            Thread asking = new Thread(end, "asking");
            asking.start();
            while (!end.isDone() && asking.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
            mayReturn.countDown();
            assertThat(end.get()).isGreaterThanOrEqualTo(shown);
            appending.join();
        }
        assertRead(2);
    }

    /** Cutting the file that is mapped would end the process with the next touch of the mapping: a copy takes its place. */
    @Test
    void truncateAfter_whileASlotBehindIsUnpublished_leavesTheFileToItsMapping() throws Exception {
        Hold hold = new Hold();
        try (SeamedLog log = open(hold)) {
            List<Long> positions = new ArrayList<>();
            for (int i = 0; i < SOME; i++) {
                positions.add(append(log, KEY, i));
            }
            EntryRef last = new EntryRef(KEY, positions.get(4), EntryRef.sizeOf(0, 1));
            Thread held = hold.hold(() -> append(log, KEY, SOME));
            Path file = onlySegment(log);
            Object before = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
            storage.failWrites = true;
            assertThatThrownBy(() -> log.stream(KEY).truncateAfter(last, gone -> {})).isInstanceOf(IOException.class);
            storage.failWrites = false;
            assertThat(Files.readAttributes(file, BasicFileAttributes.class).fileKey()).isEqualTo(before);
            append(log, KEY, 5);
            assertThat(Files.readAttributes(file, BasicFileAttributes.class).fileKey()).isNotEqualTo(before);
            hold.release(held);
            append(log, KEY, 6);
            assertThat(log.failures).as("of the mapping that stays").hasSize(1);
        }
        assertRead(7);
    }

    /** The next opening cuts once more what is recorded: what is appended meanwhile must stand behind it. */
    @Test
    void truncateAfter_whileThereIsNoMemoryToKeepTheStream_isDoneBeforeTheNextAppendWhichStandsBehindIt() throws Exception {
        try (SeamedLog log = open(null)) {
            EntryRef last = new EntryRef(KEY, append(log, KEY, 0), EntryRef.sizeOf(0, 1));
            append(log, KEY, 100);
            StreamLog stream = log.stream(KEY);
            long end = stream.endPosition();
            AtomicBoolean isFull = new AtomicBoolean(true);
            stream.watch((unused, own, any) -> {
                if (isFull.get()) {
                    throw new OutOfMemoryError("injected");
                }
            }, log);
            assertThatThrownBy(() -> stream.truncateAfter(last, gone -> { })).isInstanceOf(OutOfMemoryError.class);
            isFull.set(false);
            assertThat(append(log, KEY, 1)).isGreaterThan(end);
        }
        assertRead(2);
    }

    /** A tail that waits for such a slot to be published would wait for as long as the segment before takes appends. */
    @Test
    void isUnfinished_slotWasCutOffWithItsSegment_isNot() throws Exception {
        try (SeamedLog log = open(null)) {
            List<Long> positions = new ArrayList<>();
            for (int i = 0; i < SOME; i++) {
                positions.add(append(log, KEY, i));
            }
            StreamLog stream = log.stream(KEY);
            assertThat(stream.isUnfinished(positions.get(SOME - 1))).isTrue();
            stream.truncateAfter(new EntryRef(KEY, positions.get(4), EntryRef.sizeOf(0, 1)), gone -> {});
            assertThat(stream.isUnfinished(positions.get(4))).isTrue();
            assertThat(stream.isUnfinished(positions.get(5))).isFalse();
            assertThat(stream.isUnfinished(positions.get(SOME - 1))).isFalse();
        }
    }

    private static Path onlySegment(SeamedLog log) throws IOException {
        try (Stream<Path> files = Files.list(log.directory(KEY))) {
            return files.filter(file -> file.getFileName().toString().endsWith(".seg")).reduce((one, other) -> {
                throw new AssertionError("one segment only: " + one + ", " + other);
            }).orElseThrow();
        }
    }

    @Test
    void footers_areWrittenInOrder_whoeverTakesTheLaterSegmentFirst() throws Exception {
        Hold hold = new Hold();
        try (SeamedLog log = open(hold)) {
            log.context.stop(); // its threads: what is queued stays there
            for (int segment = 0; segment < 3; segment++) {
                append(log, KEY, segment);
                log.stream(KEY).sealIfIdle(Long.MAX_VALUE);
            }
            ActiveSegment first = log.context.sealer().poll();
            ActiveSegment second = log.context.sealer().poll();
            log.context.sealer().perform(second);
            assertThat(log.sealed).hasValue(2);
            log.context.sealer().perform(first);
            assertThat(log.sealed).hasValue(2);
        }
        assertThat(StreamFiles.check(new SeamedLog(root, storage, SEGMENT_BYTES, null).directory(KEY), KEY).footers()).isEqualTo(3);
    }

    /** A checkpoint holds the stream's list of segments while it copies, so that it doesn't learn of a footer that one of them gets meanwhile. */
    @Test
    void copyTo_segmentHasGotItsFooterSinceItWasListed_leavesNoFileOpen() throws Exception {
        if (!Files.exists(root.resolve("positions"))) {
            SeamedLog.create(root);
        }
        Set<SegmentFile> open = ConcurrentHashMap.newKeySet();
        try (SeamedLog log = new SeamedLog(root, new DelegatingStorage(new MappedStorage()) {
            @Override
            protected SegmentFile wrap(SegmentFile file) {
                return new DelegatingFile(file) {
                    @Override
                    public int read(ByteBuffer target, long offset) throws IOException {
                        open.add(this);
                        return super.read(target, offset);
                    }

                    @Override
                    public void close() {
                        open.remove(this);
                        super.close();
                    }
                };
            }
        }, SEGMENT_BYTES, null)) {
            log.context.stop(); // its threads: what is queued stays there
            append(log, KEY, 0);
            log.stream(KEY).sealIfIdle(Long.MAX_VALUE);
            assertThat(log.context.sealer().poll().finish()).isTrue();
            Path copy = Files.createDirectory(root.resolve("copy"));
            log.stream(KEY).copyTo(copy);
            assertThat(copy).isNotEmptyDirectory();
            assertThat(open).isEmpty();
        }
    }

    /** What the stream goes on with meanwhile isn't to be erased, whether it is sealed or not. */
    @Test
    void erase_segmentsBegunSinceWaitForTheSealer_passesOverThem() throws Exception {
        try (SeamedLog log = open(null)) {
            log.context.stop(); // its threads: what is queued stays there
            append(log, KEY, 0);
            StreamLog stream = log.stream(KEY);
            long upTo = stream.sealForErasure(ALL);
            append(log, KEY, 1);
            stream.sealIfIdle(Long.MAX_VALUE);
            append(log, KEY, 2);
            List<Long> erased = new ArrayList<>();
            assertThat(stream.erase(ALL, upTo, (key, file, what) -> erased.add(what.records()), refused -> { })).isEmpty();
            assertThat(erased).containsExactly(1L);
        }
    }

    /** A cut that comes before a segment has its footer opens it again, and has it sealed once more. */
    @Test
    void erase_segmentWasCutBeforeItHadAFooter_isToldOfUntilItIsSealed() throws Exception {
        try (SeamedLog log = open(null)) {
            log.context.stop();
            long first = append(log, KEY, 0);
            append(log, KEY, 1);
            StreamLog stream = log.stream(KEY);
            long upTo = names(log).get(0).basePosition();
            stream.truncateAfter(new EntryRef(KEY, first, EntryRef.sizeOf(0, 1)), gone -> { });
            append(log, KEY, 2);
            List<Long> erased = new ArrayList<>();
            assertThat(stream.erase(ALL, upTo, (key, file, what) -> erased.add(what.records()), refused -> { })).contains(log.directory(KEY)
                    .resolve(names(log).get(0).fileName()));
            assertThat(erased).isEmpty();
            long unused = stream.sealForErasure(ALL);
            assertThat(stream.erase(ALL, upTo, (key, file, what) -> erased.add(what.records()), refused -> { })).isEmpty();
            assertThat(erased).containsExactly(1L);
        }
    }

    /** The remains of a write that could not be cut off aren't part of the segment. */
    @Test
    void append_byPositionBehindARemainderThatCouldNotBeCutOff_isRead() throws Exception {
        storage = FailingStorage.byPosition();
        try (SeamedLog log = open(null)) {
            append(log, KEY, 0);
            storage.failWrites = true;
            storage.failTruncates = true;
            assertThatThrownBy(() -> append(log, KEY, 1)).hasMessageContaining("injected");
            storage.failWrites = false;
            storage.failTruncates = false;
            for (int i = 1; i < 60; i++) {
                append(log, KEY, i);
            }
        }
        assertRead(60);
    }

    /** Another process may have read the record: what is appended next has another position. */
    @Test
    void append_byPositionWhoseWriteEndsInAnError_givesItsPositionToNoOtherRecord() throws Exception {
        storage = FailingStorage.byPosition();
        try (SeamedLog log = open(null)) {
            append(log, KEY, 0);
            long end = log.stream(KEY).endPosition();
            storage.errorBehindWrites = true;
            assertThatThrownBy(() -> append(log, KEY, 100)).isInstanceOf(OutOfMemoryError.class);
            storage.errorBehindWrites = false;
            assertThat(append(log, KEY, 1)).isGreaterThan(end);
        }
        assertRead(2);
    }

    /** Only this object knows where the stream goes on: a record that is appended while it can't be kept would have another one's position later. */
    @Test
    void append_firstToSharedSegmentsWhileThereIsNoMemoryToKeepTheStream_appendsNothing() throws Exception {
        try (SeamedLog log = open(null)) {
            StreamLog shared = log.stream(StreamKey.SHARED.text());
            log.context.shared(new SharedLog(shared, 0, false, () -> { }));
            AtomicBoolean isFull = new AtomicBoolean(true);
            AtomicBoolean isKept = new AtomicBoolean();
            log.stream(KEY).watch((stream, own, any) -> {
                if (any && isFull.get()) {
                    throw new OutOfMemoryError("injected");
                }
                isKept.set(any);
            }, log);
            assertThatThrownBy(() -> append(log, KEY, 100)).isInstanceOf(OutOfMemoryError.class);
            assertThat(shared.endPosition()).as("nothing was appended").isZero();
            isFull.set(false);
            append(log, KEY, 0);
            assertThat(isKept).isTrue();
            append(log, KEY, 1);
        }
        assertRead(2);
    }

    /** A full disk refuses ever new keys: when it has room again, the first streams have segments of their own all the same. */
    @Test
    void append_whoseFirstSegmentCannotBeCreated_isNotCountedAsAStreamWithSegments() throws Exception {
        try (SeamedLog log = open(null)) {
            log.context.shared(new SharedLog(log.stream(StreamKey.SHARED.text()), 1, false, () -> { }));
            storage.failWrites = true;
            assertThatThrownBy(() -> append(log, "refused", 0)).hasMessageContaining("injected");
            storage.failWrites = false;
            append(log, KEY, 0);
            assertThat(log.directory(KEY)).exists();
            append(log, "refused", 0);
            assertThat(log.directory("refused")).as("one stream may have segments of its own").doesNotExist();
        }
        assertRead(1);
    }

    /** What seals waits for the slot, and unmaps behind it. */
    @Test
    void seal_whileASlotIsUnpublished_unmapsWhenItIs() throws Exception {
        Hold hold = new Hold();
        try (SeamedLog log = open(hold)) {
            append(log, KEY, 0);
            Thread held = hold.hold(() -> append(log, KEY, 1));
            log.stream(KEY).sealIfIdle(Long.MAX_VALUE);
            append(log, KEY, 2);
            assertThat(log.context.mappedSegments()).as("the sealed one, and its successor").isEqualTo(2);
            assertThat(log.sealed).hasValue(0);
            hold.release(held);
            log.stream(KEY).sealIfIdle(Long.MAX_VALUE);
            assertThat(log.closeAll()).isTrue();
            assertThat(log.context.mappedSegments()).isZero();
            assertThat(log.sealed).hasValue(2);
            assertThat(log.failures).isEmpty();
        }
        assertRead(3);
    }

    /** A file that somebody has removed has no name to be opened by, when it is to grow. */
    @Test
    void append_whereTheFileWasRemovedAndIsToGrow_goesOnInTheNextSegment() throws Exception {
        try (SeamedLog log = open(null)) {
            append(log, KEY, 0);
            Files.delete(onlySegment(log));
            long unused = log.append(KEY, Source.EMPTY, Source.of(new byte[SEGMENT_BYTES / 2]));
            assertThat(names(log)).hasSize(1);
            assertThat(log.failures).as("what is gone is told").hasSize(1);
            assertThat(log.context.mappedSegments()).isEqualTo(1);
        }
    }

    /** Two appends for two windows at once leave a segment without a record behind. */
    @Test
    void successor_ofASegmentThatWasGivenUpEmpty_hasAPositionOfItsOwn() throws Exception {
        storage = FailingStorage.byPosition();
        try (SeamedLog log = open(null); WalReader reader = log.reader()) {
            append(log, KEY, 0);
            try (EntryCursor cursor = reader.scan(KEY)) {
                assertThat(cursor.next()).isTrue();
                log.stream(KEY).sealIfIdle(Long.MAX_VALUE);
                emptySegment(log);
                assertThat(cursor.next()).isFalse();
                SegmentName empty = names(log).get(1);
                log.stream(KEY).sealIfIdle(Long.MAX_VALUE);
                append(log, KEY, 1);
                assertThat(names(log).get(1).basePosition()).isGreaterThan(empty.basePosition());
                assertThat(cursor.next()).isTrue();
                assertThat(cursor.content().toString(StandardCharsets.UTF_8)).isEqualTo("1");
                assertThat(cursor.next()).isFalse();
            }
        }
        assertRead(2);
    }

    /** A failing write leaves the segment that was created for it. */
    private void emptySegment(SeamedLog log) {
        storage.failWritesBehind = 1;
        assertThatThrownBy(() -> append(log, KEY, 1)).hasMessageContaining("injected");
        storage.failWritesBehind = Long.MAX_VALUE;
    }

    @Test
    void stream_whoseDeletionFailedHalfWay_goesOnBehindWhatIsLeft() throws Exception {
        try (SeamedLog log = open(null)) {
            append(log, KEY, 0);
            log.stream(KEY).sealIfIdle(Long.MAX_VALUE);
            long last = append(log, KEY, 1);
            storage.failDeletes = true;
            assertThatThrownBy(() -> SeamedLog.delete(log.stream(KEY))).hasMessageContaining("injected");
            storage.failDeletes = false;
            assertThat(append(log, KEY, 2)).isGreaterThan(last);
        }
        assertRead(3);
    }

    @Test
    void append_whoseWindowExpiresMeanwhile_ends() throws Exception {
        try (SeamedLog log = open(null)) {
            Draft draft = Draft.of(Source.EMPTY, Source.of("0".getBytes(StandardCharsets.UTF_8)), SeamedLog.NOW);
            long position = log.stream(KEY).append(new AppendScratch(), draft, (int) draft.frameBytes(),
                    SeamedLog.NOW + 20_000 * 86_400_000L, StreamLog.ANY_END);
            assertThat(position).isNotNegative();
        }
        assertRead(1);
    }

    @Test
    void spare_ofAStreamThatHasStopped_isNotPrepared() throws Exception {
        try (SeamedLog log = open(null)) {
            append(log, KEY, 0);
            log.stream(KEY).sealIfIdle(Long.MAX_VALUE);
            log.stream(KEY).prepareSuccessor();
            try (Stream<Path> files = Files.list(log.directory(KEY))) {
                assertThat(files.map(file -> file.getFileName().toString())).noneMatch(name -> name.endsWith(".tmp"));
            }
        }
    }

    /** The preparer is next asked when half of it is used, while the sealer works on the full segment: so half must last for a while (decision 73). */
    @Test
    void successor_ofAFullSegment_isPreparedAsFarAsIsPreparedAnywhere() throws Exception {
        SeamedLog.create(root);
        int segmentBytes = 64 << 20;
        try (SeamedLog log = new SeamedLog(root, new MappedStorage(), segmentBytes, null)) {
            append(log, KEY, 0);
            log.stream(KEY).prepareSuccessor();
            try (Stream<Path> files = Files.list(log.directory(KEY))) {
                Path prepared = files.filter(file -> file.getFileName().toString().endsWith(".tmp")).findAny().orElseThrow();
                assertThat(Files.size(prepared)).isEqualTo(SegmentSpace.MAX_GROWTH_BYTES);
            }
        }
    }

    /** A prepared file is in the directory, so the rotation needn't ask the file system for it. */
    @Test
    void rotation_toAPreparedSegment_makesNoDirectory() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        SeamedLog.create(root);
        SegmentStorage counting = new DelegatingStorage(new MappedStorage()) {
            @Override
            public void createDirectory(Path directory) throws IOException {
                asked.incrementAndGet();
                super.createDirectory(directory);
            }
        };
        try (SeamedLog log = new SeamedLog(root, counting, SEGMENT_BYTES, null)) {
            append(log, KEY, 0);
            int before = asked.get();
            log.stream(KEY).prepareSuccessor();
            Draft draft = Draft.of(Source.EMPTY, Source.of("0".getBytes(StandardCharsets.UTF_8)), SeamedLog.NOW + 86_400_000L);
            long position = log.stream(KEY).append(new AppendScratch(), draft, (int) draft.frameBytes(), SeamedLog.NOW + 86_400_000L,
                    StreamLog.ANY_END);
            assertThat(position).isNotNegative();
            assertThat(names(log)).hasSize(2);
            assertThat(asked).hasValue(before);
        }
    }

    /** Else all streams would wait for the file system at once, with their first append in a window. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void append_firstInAWindow_findsItsSegmentPrepared(boolean isMapped) throws Exception {
        AtomicInteger created = new AtomicInteger();
        SeamedLog.create(root);
        try (SeamedLog log = new SeamedLog(root, counting(created, isMapped), SEGMENT_BYTES, null)) {
            append(log, KEY, 0);
            StreamLog stream = log.stream(KEY);
            long end = stream.policy().windowOf(SeamedLog.NOW).endMillis();
            stream.prepareNextWindow(end - stream.policy().windowMillis() / 2, Long.MAX_VALUE);
            stream.prepareNextWindow(end, Long.MAX_VALUE);
            stream.prepareNextWindow(end - 2, 1);
            assertThat(created).as("not in the middle of the window, not behind it, and not too early").hasValue(1);
            stream.prepareNextWindow(end - 1, Long.MAX_VALUE);
            stream.prepareNextWindow(end - 1, Long.MAX_VALUE);
            assertThat(created).hasValue(2);
            Draft draft = Draft.of(Source.EMPTY, Source.of("1".getBytes(StandardCharsets.UTF_8)), end);
            long unused = stream.append(new AppendScratch(), draft, (int) draft.frameBytes(), end, StreamLog.ANY_END);
            assertThat(created).hasValue(2);
            assertThat(names(log)).hasSize(2);
            stream.prepareNextWindow(end + stream.policy().windowMillis() - 1, Long.MAX_VALUE);
            stream.sealIfIdle(end);
            stream.sealIfIdle(Long.MAX_VALUE);
            assertThat(names(log)).hasSize(2);
            try (Stream<Path> files = Files.list(log.directory(KEY))) {
                assertThat(files.map(file -> file.getFileName().toString())).as("of a stream that has stopped").noneMatch(name -> name.endsWith(".tmp"));
            }
        }
        assertRead(2);
    }

    /** The log's packing seals the segment that streams share, while they append. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void append_behindASealedSegment_findsItsSegmentPrepared(boolean isMapped) throws Exception {
        AtomicInteger created = new AtomicInteger();
        SeamedLog.create(root);
        try (SeamedLog log = new SeamedLog(root, counting(created, isMapped), SEGMENT_BYTES, null)) {
            append(log, KEY, 0);
            log.stream(KEY).sealUnlessCreatedBetween(SeamedLog.NOW, SeamedLog.NOW);
            assertThat(created).hasValue(2);
            append(log, KEY, 1);
            assertThat(created).hasValue(2);
            log.stream(KEY).sealUnlessCreatedBetween(SeamedLog.NOW, SeamedLog.NOW);
        }
        assertRead(2);
        try (Stream<Path> files = Files.walk(root)) {
            assertThat(files.map(Path::toString)).noneMatch(name -> name.endsWith(".tmp"));
        }
    }

    /** The file that is prepared keeps the directory meanwhile, whose name is the key. */
    @Test
    void delete_whileASegmentIsPrepared_leavesNoDirectory() throws Exception {
        SeamedLog.create(root);
        AtomicReference<@Nullable StreamLog> deleted = new AtomicReference<>();
        SegmentStorage deleting = new DelegatingStorage(new MappedStorage()) {
            @Override
            public SegmentFile create(Path path) throws IOException {
                SegmentFile created = super.create(path);
                StreamLog stream = deleted.getAndSet(null);
                if (stream != null) {
                    assertThat(SeamedLog.delete(stream)).isTrue();
                }
                return created;
            }
        };
        try (SeamedLog log = new SeamedLog(root, deleting, SEGMENT_BYTES, null)) {
            append(log, KEY, 0);
            deleted.set(log.stream(KEY));
            log.stream(KEY).prepareSuccessor();
            assertThat(deleted).hasNullValue();
            assertThat(log.directory(KEY)).doesNotExist();
        }
    }

    private static SegmentStorage counting(AtomicInteger created, boolean isMapped) {
        return new DelegatingStorage(isMapped ? new MappedStorage() : new ChannelStorage()) {
            @Override
            public SegmentFile create(Path path) throws IOException {
                created.incrementAndGet();
                return super.create(path);
            }
        };
    }

    private List<SegmentName> names(SeamedLog log) throws IOException {
        try (Stream<Path> files = Files.list(log.directory(KEY))) {
            return files.flatMap(file -> SegmentName.parse(file.getFileName().toString()).stream()).sorted().toList();
        }
    }

    /** 0, 1, … as another process would read them. */
    private void assertRead(int records) {
        List<String> read = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scan(KEY)) {
            while (cursor.next()) {
                expected.add(Integer.toString(read.size()));
                read.add(cursor.content().toString(StandardCharsets.UTF_8));
            }
        }
        assertThat(read).isEqualTo(expected).hasSize(records);
    }

    /** A leader of commits who wants the lock waits for one step, while the kernel may hold back who writes. */
    @Test
    void append_muchAtATime_takesSpaceInSmallSteps() throws Exception {
        Queue<Long> steps = new ConcurrentLinkedQueue<>();
        SegmentStorage watched = new DelegatingStorage(new MappedStorage()) {
            @Override
            protected SegmentFile wrap(SegmentFile file) {
                return new DelegatingFile(file) {
                    @Override
                    public void zero(long from, long to) throws IOException {
                        if (path().toString().endsWith(".seg")) {
                            steps.add(to - from);
                        }
                        super.zero(from, to);
                    }
                };
            }
        };
        SeamedLog.create(root);
        try (SeamedLog log = new SeamedLog(root, watched, 16 << 20, null)) {
            for (int i = 0; i < 20; i++) {
                append(log, KEY, i);
            }
            byte[] content = new byte[1 << 20];
            for (int i = 0; i < 8; i++) {
                log.append(KEY, Source.EMPTY, Source.of(content));
            }
            assertThat(log.failures).isEmpty();
        }
        assertThat(steps).allMatch(step -> step <= SegmentSpace.STEP_BYTES);
        assertThat(steps.stream().mapToLong(step -> step).sum()).isGreaterThan(8 << 20);
    }

    private FailingStorage storage = new FailingStorage(new MappedStorage());

    /** Fails where it is told to. */
    private static final class FailingStorage extends DelegatingStorage {
        volatile boolean failWrites;
        volatile boolean errorBehindWrites;
        volatile boolean failTruncates;
        volatile boolean failDeletes;
        /** Headers are written at 0. */
        volatile long failWritesBehind = Long.MAX_VALUE;
        /** Of the next write: told when it is done; and awaited before it returns. */
        volatile @Nullable CountDownLatch written;
        volatile @Nullable CountDownLatch mayReturn;

        FailingStorage(SegmentStorage storage) {
            super(storage);
        }

        static FailingStorage byPosition() {
            return new FailingStorage(new ChannelStorage());
        }

        @Override
        protected SegmentFile wrap(SegmentFile file) {
            return new DelegatingFile(file) {
                @Override
                public void write(long offset, ByteBuffer... buffers) throws IOException {
                    if (failWrites) {
                        super.write(offset, buffers[0].duplicate().limit(24));
                        // as a short write leaves it: the next slot's first words, and garbage where a length stands
                        super.write(offset + 48, ByteBuffer.wrap("NANORC\0\0garbage!".getBytes(StandardCharsets.ISO_8859_1)));
                    }
                    if (failWrites || offset >= failWritesBehind) {
                        throw new IOException("injected: write");
                    }
                    super.write(offset, buffers);
                    if (errorBehindWrites) {
                        throw new OutOfMemoryError("injected");
                    }
                    CountDownLatch told = written;
                    if (told != null) {
                        written = null;
                        told.countDown();
                        awaitUninterruptibly(mayReturn);
                    }
                }

                @Override
                public void truncate(long length) throws IOException {
                    if (failTruncates) {
                        throw new IOException("injected: truncate");
                    }
                    super.truncate(length);
                }
            };
        }

        private static void awaitUninterruptibly(CountDownLatch latch) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public boolean delete(Path path) throws IOException {
            if (failDeletes) {
                throw new IOException("injected: delete");
            }
            return super.delete(path);
        }
    }
}
