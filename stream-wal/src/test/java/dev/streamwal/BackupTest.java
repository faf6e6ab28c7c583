package dev.streamwal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.backup.BackupDamage;
import dev.streamwal.backup.BackupFolder;
import dev.streamwal.backup.BackupPoint;
import dev.streamwal.backup.BackupReport;
import dev.streamwal.backup.SegmentDescriptor;
import dev.streamwal.backup.SegmentImport;
import dev.streamwal.engine.Environment;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.DiskFullException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalLockedException;
import dev.streamwal.io.ProcessLock;
import dev.streamwal.keys.MasterKeys;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Backups of logs that are being written, and logs that are made of them. */
class BackupTest {

    private static final int STREAMS = 5;
    private static final double SCALE = Scale.factor();
    private static final MasterKeys KEYS = MasterKeysForTests.ring("one");

    @TempDir
    private Path directory;

    private Path root;
    private Path target;
    private BackupFolder folder;
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-03-01T12:00:00Z"));

    @BeforeEach
    void places() {
        root = directory.resolve("log");
        target = directory.resolve("restored");
        folder = BackupFolder.at(directory.resolve("backup"), this::tick);
    }

    /** Each point has another time. */
    private Instant tick() {
        return now.updateAndGet(time -> time.plusMillis(1));
    }

    private WalOptions.Builder options(Segments segments) {
        return WalOptions.builder().clock(now::get).window(Duration.ofMinutes(10)).retention(Duration.ofDays(1)).segmentBytes(64 << 10)
                .sweepInterval(Duration.ZERO).streams("*", StreamOptions.builder().segments(segments).build());
    }

    private StreamWal open(Segments segments) {
        return StreamWal.open(root, options(segments).build());
    }

    private static String key(int stream) {
        return "meter/" + stream;
    }

    private static void appendRound(StreamWal wal, int number) {
        for (int stream = 0; stream < STREAMS; stream++) {
            EntryRef unused = wal.stream(key(stream)).append(("#" + number + " " + "x".repeat(number % 50)).getBytes(UTF_8));
        }
    }

    /** Three windows, of which what can be packed is. */
    private int appendWindows(StreamWal wal, int first) {
        int number = first;
        for (int window = 0; window < 3; window++) {
            for (int i = 0; i < 10; i++) {
                appendRound(wal, number++);
            }
            now.updateAndGet(time -> time.plus(Duration.ofMinutes(10)));
        }
        int unused = wal.pack();
        return number;
    }

    private static Map<String, List<String>> records(Path log, ReaderOptions options) {
        Map<String, List<String>> records = new TreeMap<>();
        try (WalReader reader = WalReader.open(log, options)) {
            for (String key : reader.keys()) {
                try (EntryCursor cursor = reader.scan(key)) {
                    while (cursor.next()) {
                        records.computeIfAbsent(key, any -> new ArrayList<>())
                                .add(cursor.ref() + " " + cursor.timestampMillis() + " " + new String(cursor.copy().contentBytes(), UTF_8));
                    }
                }
                assertThat(reader.verify(key).damage()).as(key).isEmpty();
            }
        }
        return records;
    }

    private static Map<String, List<String>> records(Path log) {
        return records(log, ReaderOptions.builder().build());
    }

    private Path stored(SegmentDescriptor file) {
        return directory.resolve("backup/files").resolve(file.checksum().substring(0, 2)).resolve(file.checksum());
    }

    private List<Path> storedFiles() throws IOException {
        if (!Files.exists(directory.resolve("backup/files"))) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(directory.resolve("backup/files"))) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private Set<String> storedChecksums() throws IOException {
        return storedFiles().stream().map(file -> file.getFileName().toString()).collect(Collectors.toSet());
    }

    private int added(BackupPoint point, Set<String> before) {
        Set<String> added = folder.files(point).stream().map(SegmentDescriptor::checksum).collect(Collectors.toCollection(HashSet::new));
        added.removeAll(before);
        return added.size();
    }

    private SegmentDescriptor aSegment(BackupPoint point) {
        return folder.files(point).stream().filter(file -> file.kind() == SegmentDescriptor.Kind.SEGMENT).findFirst().orElseThrow();
    }

    // ---------------------------------------------------------------- backing up, restoring

    @ParameterizedTest
    @EnumSource(Segments.class)
    void backUp_liveLogTwice_copiesOnlyWhatIsNewAndEachPointIsTheLogThen(Segments segments) throws IOException {
        try (StreamWal wal = open(segments)) {
            int number = appendWindows(wal, 0);
            Map<String, List<String>> first = records(root);
            BackupReport one = folder.backUp(root);
            assertThat(one.copiedFiles()).isPositive().isLessThanOrEqualTo(one.point().files());

            BackupReport unchanged = folder.backUp(root);
            assertThat(unchanged.copiedFiles()).isZero();
            assertThat(unchanged.copiedBytes()).isZero();
            assertThat(unchanged.presentFiles()).isEqualTo(one.point().files());
            assertThat(unchanged.presentBytes()).isEqualTo(one.point().bytes());

            appendRound(wal, number);
            Map<String, List<String>> second = records(root);
            Set<String> before = storedChecksums();
            BackupReport two = folder.backUp(root);
            assertThat(two.copiedFiles()).isEqualTo(added(two.point(), before)).isPositive();

            assertThat(folder.points()).containsExactly(two.point(), unchanged.point(), one.point());
            folder.restore(one.point(), directory.resolve("first"));
            folder.restore(two.point(), directory.resolve("second"));
            assertThat(records(directory.resolve("first"))).isEqualTo(first).hasSize(STREAMS);
            assertThat(records(directory.resolve("second"))).isEqualTo(second);
            assertThat(folder.verify()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(Segments.class)
    void restore_openedForWriting_goesOnBehindWhatWasThere(Segments segments) {
        long end;
        Map<String, List<String>> before;
        try (StreamWal wal = open(segments)) {
            int unused = appendWindows(wal, 0);
            appendRound(wal, 1);
            before = records(root);
            end = wal.stream(key(0)).endPosition();
            folder.restore(folder.backUp(root).point(), target);
        }
        try (StreamWal wal = StreamWal.open(target, options(segments).build())) {
            assertThat(wal.recoverAll(progress -> {}).streams()).isEmpty();
            EntryRef next = wal.stream(key(0)).append("next".getBytes(UTF_8));
            assertThat(next.position()).isGreaterThanOrEqualTo(end);
            before.get(key(0)).add(next + " " + now.get().toEpochMilli() + " next");
            assertThat(records(target)).isEqualTo(before);
        }
    }

    @ParameterizedTest
    @EnumSource(Segments.class)
    void checkpoint_byAReader_isTheLogAndOpens(Segments segments) {
        Map<String, List<String>> before;
        try (StreamWal wal = open(segments)) {
            int unused = appendWindows(wal, 0);
            appendRound(wal, 1);
            before = records(root);
            try (WalReader reader = WalReader.open(root)) {
                reader.checkpoint(target);
                assertThatThrownBy(() -> reader.checkpoint(target)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("not empty");
            }
            appendRound(wal, 2);
        }
        assertThat(records(target)).isEqualTo(before);
        try (StreamWal wal = StreamWal.open(target, options(segments).build())) {
            assertThat(wal.recoverAll(progress -> {}).streams()).isEmpty();
            appendRound(wal, 3);
        }
    }

    @Test
    void backUp_closedLog_isTheLog() {
        try (StreamWal wal = open(Segments.AUTO)) {
            int unused = appendWindows(wal, 0);
        }
        folder.restore(folder.backUp(root).point(), target);
        assertThat(records(target)).isEqualTo(records(root)).hasSize(STREAMS);
    }

    /** Each stream's records have numbers: a restored one has all from 0 up to one that isn't below what was appended before the backup. */
    @ParameterizedTest
    @EnumSource(Segments.class)
    void backUp_besideAWriterThatSealsAndPacks_hasABeginningOfEachStream(Segments segments) throws Exception {
        int rounds = (int) Math.max(4, 40 * SCALE);
        AtomicBoolean done = new AtomicBoolean();
        ExecutorService threads = Executors.newFixedThreadPool(1);
        try (StreamWal wal = StreamWal.open(root, options(segments).segmentBytes(8 << 10).build())) {
            AtomicInteger appended = new AtomicInteger();
            appendRound(wal, 0);
            Future<?> writing = threads.submit(() -> {
                for (int number = 1; !done.get(); number++) {
                    appendRound(wal, number);
                    appended.set(number);
                    if (number % 20 == 0) {
                        now.updateAndGet(time -> time.plus(Duration.ofMinutes(10)));
                        int unused = wal.pack();
                    }
                }
            });
            try {
                for (int round = 0; round < rounds; round++) {
                    int atLeast = appended.get();
                    Path copy = directory.resolve("copy" + round);
                    if (round % 4 == 3) {
                        try (WalReader reader = WalReader.open(root)) {
                            reader.checkpoint(copy);
                        }
                    } else {
                        Set<String> before = storedChecksums();
                        BackupReport report = folder.backUp(root);
                        assertThat(report.copiedFiles()).as("also of images that changed while they were copied").isEqualTo(added(report.point(), before));
                        folder.restore(report.point(), copy);
                    }
                    assertNumbered(copy, atLeast);
                }
            } finally {
                done.set(true);
            }
            assertThat(writing.get()).isNull();
        } finally {
            threads.shutdown();
        }
        assertThat(folder.verify()).isEmpty();
    }

    private static void assertNumbered(Path log, int atLeast) {
        Map<String, List<String>> records = records(log);
        assertThat(records).hasSize(STREAMS);
        records.forEach((key, found) -> {
            List<Integer> numbers = found.stream().map(record -> Integer.parseInt(record.substring(record.indexOf('#') + 1, record.lastIndexOf(' ')))).toList();
            assertThat(numbers).as(key).isEqualTo(IntStream.range(0, numbers.size()).boxed().toList());
            assertThat(numbers.size()).as(key).isGreaterThan(atLeast);
        });
    }

    @Test
    void backUp_twoAtOnceIntoOneFolder_bothAreWhole() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (StreamWal wal = open(Segments.AUTO)) {
            int number = appendWindows(wal, 0);
            for (int round = 0; round < 5; round++) {
                appendRound(wal, number++);
                Callable<BackupReport> backup = () -> folder.backUp(root);
                for (Future<BackupReport> report : threads.invokeAll(List.of(backup, backup))) {
                    Path copy = directory.resolve(report.get().point().name());
                    folder.restore(report.get().point(), copy);
                    assertThat(records(copy)).isEqualTo(records(root));
                }
            }
        } finally {
            threads.shutdown();
        }
        assertThat(folder.points()).hasSize(10);
        assertThat(folder.verify()).isEmpty();
        assertThat(folder.collect()).as("files left over").isZero();
    }

    @Test
    void restore_encryptedLogWithConsumers_hasKeysAndCommits() throws Exception {
        ReaderOptions reading = ReaderOptions.builder().keys(KEYS).build();
        long committed;
        try (StreamWal wal = StreamWal.open(root, options(Segments.AUTO).encryption(KEYS).build())) {
            int unused = appendWindows(wal, 0);
            try (WalReader reader = WalReader.open(root, reading); WalConsumer consumer = reader.consumer("c", Keys.all())) {
                EntryTail entries = consumer.entries();
                assertThat(entries.next(Duration.ofSeconds(20))).isTrue();
                committed = entries.nextPosition();
                consumer.commit(entries.key(), committed);
            }
            folder.restore(folder.backUp(root).point(), target);
            assertThat(records(target, reading)).isEqualTo(records(root, reading)).hasSize(STREAMS);
        }
        try (WalReader reader = WalReader.open(target, reading)) {
            assertThat(reader.describeConsumer("c").orElseThrow().committed()).containsValue(committed);
        }
        for (Path file : storedFiles()) {
            assertThat(new String(Files.readAllBytes(file), UTF_8)).doesNotContain("xxxxxxxx");
        }
    }

    // ---------------------------------------------------------------- what is refused

    @Test
    void backUp_logThatTheLastBootLeftOpen_isRefused() {
        WalOptions built = options(Segments.AUTO).build();
        Environment before = Environment.ofThisMachine(built.storage().kind()).withBootId(() -> Optional.of("another boot"));
        try (StreamWal wal = StreamWal.open(root, built, before)) {
            appendRound(wal, 0);
            assertThatThrownBy(() -> folder.backUp(root)).isInstanceOf(WalException.class).hasMessageContaining("awaits recovery");
            assertThat(folder.points()).isEmpty();
        }
        assertThat(folder.backUp(root).point().files()).isPositive();
    }

    @Test
    void backUp_noLog_isRefused() {
        assertThatThrownBy(() -> folder.backUp(directory.resolve("nowhere"))).isInstanceOf(WalException.class).hasMessageContaining("not a log");
        assertThat(folder.points()).isEmpty();
    }

    /** Such a point would be a log that can't be opened for writing. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void backUp_positionsAreDamagedOrLost_isRefused(boolean lost) throws IOException {
        try (StreamWal wal = open(Segments.AUTO)) {
            int unused = appendWindows(wal, 0);
        }
        Path positions = root.resolve("positions");
        if (lost) {
            Files.delete(positions);
        } else {
            Files.write(positions, new byte[8_192]);
        }

        assertThatThrownBy(() -> folder.backUp(root)).isInstanceOf(CorruptSegmentException.class).hasMessageContaining(lost ? "is missing" : "is damaged")
                .hasMessageContaining("file=" + positions);
        assertThat(folder.points()).isEmpty();
    }

    @Test
    void backUp_unsealedSegmentIsDamaged_isRefused() throws IOException {
        try (StreamWal wal = StreamWal.open(root, options(Segments.OWN).storage(Storage.CHANNEL).build())) {
            for (int i = 0; i < 3; i++) {
                EntryRef unused = wal.stream("a").append(("record " + i).getBytes(UTF_8));
            }
            Path copy = directory.resolve("killed");
            copyTree(root, copy);
            Path segment;
            try (Stream<Path> files = Files.walk(copy)) {
                segment = files.filter(file -> file.toString().endsWith(".seg")).findFirst().orElseThrow();
            }
            byte[] bytes = Files.readAllBytes(segment);
            int at = new String(bytes, ISO_8859_1).indexOf("record 1");
            bytes[at]++;
            Files.write(segment, bytes);
            assertThatThrownBy(() -> folder.backUp(copy)).isInstanceOf(CorruptSegmentException.class).hasMessageContaining(segment.toString());
        }
        assertThat(folder.points()).isEmpty();
    }

    private enum Place { HEADER, DATA, FOOTER }

    /** Two records in the first of two segments. */
    private Path ofTwoSegments() throws IOException {
        try (StreamWal wal = StreamWal.open(root, options(Segments.OWN).build())) {
            EntryRef unused = wal.stream("a").append("record 0".getBytes(UTF_8));
            unused = wal.stream("a").append("record 1".getBytes(UTF_8));
            now.updateAndGet(time -> time.plus(Duration.ofMinutes(10)));
            unused = wal.stream("a").append("record 2".getBytes(UTF_8));
            unused = wal.stream("b").append("record 3".getBytes(UTF_8));
        }
        try (Stream<Path> files = Files.walk(root)) {
            List<Path> segments = files.filter(file -> file.endsWith(Path.of("a", file.getFileName().toString())) && file.toString().endsWith(".seg"))
                    .sorted().toList();
            assertThat(segments).hasSize(2);
            return segments.get(0);
        }
    }

    @ParameterizedTest
    @EnumSource(Place.class)
    void backUp_olderSegmentIsDamaged_hasTheOtherRecords(Place place) throws IOException {
        Path segment = ofTwoSegments();
        byte[] bytes = Files.readAllBytes(segment);
        bytes[switch (place) {
            case HEADER -> 20;
            case DATA -> new String(bytes, ISO_8859_1).indexOf("record 0");
            case FOOTER -> bytes.length - 2;
        }]++;
        Files.write(segment, bytes);
        folder.restore(folder.backUp(root).point(), target);
        try (WalReader reader = WalReader.open(target)) {
            assertThat(readable(reader, "b")).containsExactly("record 3");
            assertThat(readable(reader, "a")).containsExactlyElementsOf(switch (place) {
                case HEADER -> List.of("record 2");
                case DATA -> List.of("record 1", "record 2");
                case FOOTER -> List.of("record 0", "record 1", "record 2");
            });
            assertThat(reader.verify("a").damage().isEmpty()).isEqualTo(place == Place.FOOTER);
        }
    }

    private static List<String> readable(WalReader reader, String key) {
        List<String> read = new ArrayList<>();
        try (EntryCursor cursor = reader.scan(key)) {
            for (int failures = 0; failures < 10; ) {
                try {
                    if (!cursor.next()) {
                        return read;
                    }
                    read.add(cursor.content().toString(UTF_8));
                } catch (CorruptSegmentException e) {
                    failures++;
                }
            }
        }
        throw new AssertionError("scan goes on: read=" + read);
    }

    private static void copyTree(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path each : all.toList()) {
                Files.copy(each, to.resolve(from.relativize(each).toString()));
            }
        }
    }

    // ---------------------------------------------------------------- damage

    @Test
    void file_damagedInTheFolder_isNamedAndRepairedFromTheLog() throws IOException {
        try (StreamWal wal = open(Segments.OWN)) {
            int unused = appendWindows(wal, 0);
        }
        BackupPoint point = folder.backUp(root).point();
        SegmentDescriptor damaged = aSegment(point);
        byte[] bytes = Files.readAllBytes(stored(damaged));
        bytes[bytes.length / 2] ^= 1;
        Files.write(stored(damaged), bytes);

        assertThat(folder.verify()).singleElement().extracting(BackupDamage::file).isEqualTo(stored(damaged));
        assertThatThrownBy(() -> folder.restore(point, target)).isInstanceOf(CorruptSegmentException.class)
                .hasMessageContaining(stored(damaged).toString()).hasMessageContaining(damaged.name());
        assertThat(target).doesNotExist();

        assertThat(folder.backUp(root).copiedFiles()).as("not read").isZero();
        BackupReport repair = folder.backUpAndVerify(root);
        assertThat(repair.repairedFiles()).isEqualTo(1);
        assertThat(repair.copiedFiles()).isEqualTo(1);
        assertThat(folder.verify()).isEmpty();
        folder.restore(point, target);
        assertThat(records(target)).isEqualTo(records(root));
    }

    /** Two would write each other's files, and make a log of two points. */
    @Test
    @SuppressWarnings("try") // the lock is held, not used
    void restore_toWhereAnotherRestores_isRefused() throws Exception {
        try (StreamWal wal = open(Segments.OWN)) {
            int unused = appendWindows(wal, 0);
        }
        BackupPoint point = folder.backUp(root).point();
        Path gathered = Files.createDirectory(directory.resolve(".restored.importing"));
        try (ProcessLock other = ProcessLock.acquire(gathered.resolve("LOCK"))) {
            assertThatThrownBy(() -> folder.restore(point, target)).isInstanceOf(WalLockedException.class)
                    .hasMessageContaining("log is being restored already in this process: log=" + target);
            assertThat(target).doesNotExist();
            assertThat(gathered).isDirectoryContaining("glob:**/LOCK");
        }
        folder.restore(point, target);
        assertThat(records(target)).isEqualTo(records(root));
        assertThat(gathered).doesNotExist();
    }

    @Test
    void file_missingOrShort_isNamedAndCopiedByTheNextBackup() throws IOException {
        try (StreamWal wal = open(Segments.OWN)) {
            int unused = appendWindows(wal, 0);
        }
        BackupPoint point = folder.backUp(root).point();
        Files.delete(stored(aSegment(point)));
        assertThat(folder.verify()).hasSize(1);
        assertThatThrownBy(() -> folder.restore(point, target)).isInstanceOf(CorruptSegmentException.class).hasMessageContaining("missing");
        assertThat(folder.backUp(root).copiedFiles()).isEqualTo(1);
        Files.write(stored(aSegment(point)), new byte[3]);
        assertThat(folder.backUp(root).repairedFiles()).isEqualTo(1);
        assertThat(folder.verify()).isEmpty();
    }

    @Test
    void point_halfWritten_isNone() throws IOException {
        try (StreamWal wal = open(Segments.AUTO)) {
            appendRound(wal, 0);
        }
        BackupPoint point = folder.backUp(root).point();
        Path file = directory.resolve("backup/points").resolve(point.name() + ".point");
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThat(folder.points()).as("length %s", length).isEmpty();
        }
        assertThat(folder.verify()).singleElement().extracting(BackupDamage::file).isEqualTo(file);
        assertThatThrownBy(folder::collect).isInstanceOf(CorruptSegmentException.class).hasMessageContaining(file.toString());
        Files.write(file, whole);
        assertThat(folder.points()).containsExactly(point);
    }

    @Test
    void backUp_folderIsFull_throwsAndLeavesNoPoint() throws IOException {
        try (StreamWal wal = open(Segments.OWN); FileSystem small = Jimfs.newFileSystem(
                Configuration.unix().toBuilder().setMaxSize(24 << 10).setMaxCacheSize(0).build())) {
            int unused = appendWindows(wal, 0);
            BackupFolder full = BackupFolder.at(small.getPath("/work/backup"), this::tick);
            assertThatThrownBy(() -> full.backUp(root)).isInstanceOf(DiskFullException.class).hasMessageStartingWith("writing to a backup folder failed: ")
                    .hasMessageContaining("make room there").hasMessageNotContaining("file=" + root);
            assertThat(full.points()).isEmpty();
            assertThat(full.collect()).as("files that were copied before it was full").isPositive();
        }
    }

    // ---------------------------------------------------------------- removing

    @Test
    void collect_afterAPointWasRemoved_leavesTheOthersWhole() throws IOException {
        BackupPoint one;
        BackupPoint two;
        try (StreamWal wal = open(Segments.OWN)) {
            int number = appendWindows(wal, 0);
            appendRound(wal, number);
            one = folder.backUp(root).point();
            appendRound(wal, number + 1);
            two = folder.backUp(root).point();
        }
        int before = storedFiles().size();
        assertThat(folder.collect()).isZero();
        assertThat(folder.remove(one)).isTrue();
        assertThat(folder.remove(one)).isFalse();
        assertThat(folder.collect()).isPositive().isEqualTo(before - storedFiles().size());
        assertThat(folder.points()).containsExactly(two);
        assertThat(folder.verify()).isEmpty();
        assertThatThrownBy(() -> folder.restore(one, target)).isInstanceOf(WalException.class).hasMessageContaining("no such backup");
    }

    @Test
    void collect_backupOfAnotherProcess_isRefusedUntilThatIsKilled() throws Exception {
        try (StreamWal wal = open(Segments.AUTO)) {
            appendRound(wal, 0);
        }
        BackupPoint point = folder.backUp(root).point();
        assertThat(folder.remove(point)).isTrue();
        Path points = directory.resolve("backup/points");
        try (TalkingJvm other = TalkingJvm.start(UnfinishedBackup.class, directory.resolve("backup").toString())) {
            assertThat(other.line()).isEqualTo("running");
            assertThatThrownBy(folder::collect).isInstanceOf(WalException.class).hasMessageContaining("a backup is being made");
            assertThat(storedFiles()).isNotEmpty();
            assertThat(folder.backUp(root).copiedFiles()).as("two at once").isZero();
            other.kill();
        }
        assertThat(names(points)).anyMatch(name -> name.endsWith(".begun"));
        assertThat(folder.remove(folder.points().get(0))).isTrue();
        assertThat(folder.collect()).isPositive();
        assertThat(storedFiles()).isEmpty();
        assertThat(names(points)).isEmpty();
    }

    /** As on a file system without locks, where nobody knows whether it was killed. */
    @Test
    void forgetUnfinished_backupRunsAllTheSame_leavesNoPoint() throws Exception {
        try (StreamWal wal = open(Segments.AUTO)) {
            appendRound(wal, 0);
        }
        folder.backUp(root);
        try (TalkingJvm other = TalkingJvm.start(UnfinishedBackup.class, directory.resolve("backup").toString())) {
            assertThat(other.line()).isEqualTo("running");
            assertThat(folder.forgetUnfinished()).isEqualTo(1);
            assertThat(folder.collect()).isZero();
            other.endInput();
            assertThat(other.rest()).contains("another process has removed this backup's mark");
        }
        assertThat(folder.points()).hasSize(1);
        assertThat(folder.verify()).isEmpty();
        assertThat(names(directory.resolve("backup/points"))).hasSize(1);
    }

    /** It was killed between two files. */
    @Test
    void backUp_afterACollectionThatWasKilled_goesAhead() throws IOException {
        try (StreamWal wal = open(Segments.AUTO)) {
            appendRound(wal, 0);
        }
        Path points = directory.resolve("backup/points");
        Path unused = Files.createFile(Files.createDirectories(points.resolve("killed.collecting")).resolve("0".repeat(64)));
        folder.backUp(root);
        assertThat(names(points)).hasSize(1);
        assertThat(folder.verify()).isEmpty();
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    // ---------------------------------------------------------------- importing

    @Test
    void import_cutShortAndBegunAgain_hasWhatItHadAndNothingElse() throws IOException {
        try (StreamWal wal = open(Segments.OWN)) {
            int unused = appendWindows(wal, 0);
        }
        List<SegmentDescriptor> files = folder.files(folder.backUp(root).point());
        SegmentImport cutShort = SegmentImport.begin(target);
        cutShort.put(files.get(0), Files.newInputStream(stored(files.get(0))));
        SegmentDescriptor other = SegmentDescriptor.of("packs/00000000000000ff.pack", 0,
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        cutShort.put(other, new ByteArrayInputStream(new byte[0]));
        assertThat(target).doesNotExist();

        SegmentImport again = SegmentImport.begin(target);
        assertThat(again.have(files.get(0))).isTrue();
        assertThat(again.have(files.get(1))).isFalse();
        assertThatThrownBy(() -> again.put(files.get(1), new ByteArrayInputStream(new byte[100_000]))).isInstanceOf(CorruptSegmentException.class);
        for (SegmentDescriptor file : files) {
            if (!again.have(file)) {
                again.put(file, Files.newInputStream(stored(file)));
            }
        }
        again.commit();
        assertThat(target.resolve(other.name())).doesNotExist();
        assertThat(records(target)).isEqualTo(records(root));
        assertThatThrownBy(() -> SegmentImport.begin(target)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("not an empty directory");
    }

    @Test
    void descriptor_nameThatLeadsOutOfTheLog_isNone() {
        String checksum = "0".repeat(64);
        for (String name : List.of("", "/positions", "../positions", "segments/../x/0000000000000000_1.seg", "segments/a/b/0000000000000000_1.seg",
                "segments//0000000000000000_1.seg", "packs/x.pack", "LOCK", "writer", "cursors/../c.cursor", "cursors/.c.cursor", "packs\\manifest")) {
            assertThatThrownBy(() -> SegmentDescriptor.of(name, 0, checksum)).as(name).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(SegmentDescriptor.of("segments/a/0000000000000000_1.seg", 0, checksum).kind()).isEqualTo(SegmentDescriptor.Kind.SEGMENT);
        assertThatThrownBy(() -> SegmentDescriptor.of("positions", 0, "x")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SegmentDescriptor.of("positions", -1, checksum)).isInstanceOf(IllegalArgumentException.class);
    }
}
