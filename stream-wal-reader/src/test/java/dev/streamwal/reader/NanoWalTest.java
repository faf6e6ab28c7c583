package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.EntryNotFoundException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.KeyScope;
import dev.streamwal.lookup.ScanBegin;
import dev.streamwal.nanowal.NanoWalForward;
import dev.streamwal.nanowal.NanoWalMerged;
import dev.streamwal.reader.EntryBatch.Status;
import dev.streamwal.segment.SegmentWriterForTests;
import dev.streamwal.segment.TimeRange;
import dev.streamwal.segment.WalkedRecord;
import dev.streamwal.walk.RecordWalk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A directory of nano-wal files, read as streams. */
class NanoWalTest {

    private static final KeyScope ALL = KeyScope.prefix("");
    private static final String KEY = "host_cpu";

    @TempDir
    Path directory;

    private WalReader reader;

    @BeforeEach
    void open() throws IOException {
        NanoWalFiles.write(directory, KEY, 20_000, record(3), record(4), record(5));
        NanoWalFiles.write(directory, KEY, 9_000, record(0), record(1), record(2));
        NanoWalFiles.write(directory, "other", 9_000, NanoWalFiles.record("", "alone"));
        reader = WalReader.openNanoWal(directory);
    }

    @AfterEach
    void close() {
        reader.close();
    }

    private static byte[] record(int number) {
        return NanoWalFiles.record("header " + number, "content " + number);
    }

    private static List<String> contents(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "content " + i).toList();
    }

    private static List<String> read(EntryCursor cursor) {
        try (cursor) {
            return readOn(cursor);
        }
    }

    private static List<String> readOn(EntryCursor cursor) {
        List<String> contents = new ArrayList<>();
        while (cursor.next()) {
            contents.add(cursor.content().toString(StandardCharsets.UTF_8));
        }
        return contents;
    }

    private List<EntryRef> refs(String key) {
        List<EntryRef> refs = new ArrayList<>();
        try (EntryCursor cursor = reader.scan(key)) {
            while (cursor.next()) {
                refs.add(cursor.ref());
            }
        }
        return refs;
    }

    private List<String> backward(String key, long position) {
        List<String> contents = new ArrayList<>();
        try (NanoWalLog log = new NanoWalLog(directory, ReaderOptions.builder().build());
                RecordWalk walk = log.scanBackward(key, position)) {
            while (walk.next()) {
                WalkedRecord record = walk.record();
                contents.add(new String(record.copyBody(), record.headerLength(), record.contentLength(), StandardCharsets.UTF_8));
            }
        }
        return contents;
    }

    // ---- what is there

    @Test
    void keys_areThePrefixes_whateverElseIsThere() throws IOException {
        for (String name : List.of("_1.seg", "a_.seg", "a_-1.seg", "a_01.seg", "a_1.log", "a_1", "a1.seg", "a_99999999999999999999.seg",
                "k".repeat(249) + "_1.SEG")) {
            Files.createFile(directory.resolve(name));
        }
        Files.createDirectory(directory.resolve("folder"));

        assertThat(reader.keys()).containsExactly(KEY, "other");
        assertThat(reader.keys(Keys.prefix("host"))).containsExactly(KEY);
    }

    @Test
    void keys_whatIsNoFile_isNotOpened() throws IOException {
        Files.createDirectory(directory.resolve(KEY + "_10000.seg"));
        Files.createDirectory(directory.resolve("folder_1.seg"));
        Files.createSymbolicLink(directory.resolve(KEY + "_11000.seg"), directory.resolve("nowhere"));
        Files.createSymbolicLink(directory.resolve("self_1.seg"), directory.resolve("self_1.seg"));
        Files.createSymbolicLink(directory.resolve("link_9000.seg"), directory.resolve("other_9000.seg"));

        assertThat(reader.keys()).containsExactly(KEY, "link", "other");
        assertThat(read(reader.scan(KEY))).isEqualTo(contents(0, 6));
        assertThat(read(reader.scan("link"))).containsExactly("alone");
        assertThat(reader.verify(KEY).damage()).isEmpty();
    }

    @Test
    void scan_goesThroughThePrefixsFilesByExpiration() {
        try (EntryCursor cursor = reader.scan(KEY)) {
            for (int i = 0; i < 6; i++) {
                assertThat(cursor.next()).isTrue();
                assertThat(cursor.key()).isEqualTo(KEY);
                assertThat(cursor.header().toString(StandardCharsets.UTF_8)).isEqualTo("header " + i);
                assertThat(cursor.content().toString(StandardCharsets.UTF_8)).isEqualTo("content " + i);
                assertThat(cursor.timestampMillis()).isZero();
                assertThat(cursor.size()).isEqualTo(8 * (16 + 8 + 9));
                assertThat(cursor.position()).isEqualTo(((long) (i / 3) << 40) + (long) cursor.size() * (i % 3));
                assertThat(cursor.nextPosition()).isEqualTo(cursor.ref().end());
            }
            assertThat(cursor.next()).isFalse();
        }
        assertThat(read(reader.scan("other"))).containsExactly("alone");
        assertThat(read(reader.scan("nobody"))).isEmpty();
    }

    @Test
    void scan_byTime_hasAllOrNothing() {
        assertThat(read(reader.scan(KEY, Instant.EPOCH, Instant.EPOCH.plusMillis(1)))).isEqualTo(contents(0, 6));
        try (EntryCursor cursor = reader.scan(KEY, Instant.EPOCH.plusMillis(1), Instant.MAX)) {
            assertThat(cursor.next()).isFalse();
            assertThat(read(reader.scanFrom(KEY, cursor.nextPosition()))).isEmpty();
        }
    }

    @Test
    void scanFrom_everyRecordAndEnd_goesOnThere() {
        List<EntryRef> refs = refs(KEY);
        for (int i = 0; i < refs.size(); i++) {
            assertThat(read(reader.scanFrom(KEY, refs.get(i).position()))).isEqualTo(contents(i, 6));
            assertThat(read(reader.scanFrom(KEY, refs.get(i).end()))).isEqualTo(contents(i + 1, 6));
        }
        assertThat(read(reader.scanFrom(KEY, 2L << 40))).isEmpty();
        for (long position : new long[] {8, 4, refs.get(5).position() + 8, refs.get(5).end() + 8, (2L << 40) + 8, 3L << 40}) {
            assertThatThrownBy(() -> reader.scanFrom(KEY, position)).isInstanceOf(EntryNotFoundException.class)
                    .hasMessageContaining("position=" + position);
        }
    }

    @Test
    void scanLast_andBackward_crossFiles() {
        for (int count = 0; count <= 8; count++) {
            assertThat(read(reader.scanLast(KEY, count))).isEqualTo(contents(Math.max(0, 6 - count), 6));
        }
        List<String> reversed = new ArrayList<>(contents(0, 6));
        Collections.reverse(reversed);
        assertThat(backward(KEY, Long.MAX_VALUE)).isEqualTo(reversed);
        List<EntryRef> refs = refs(KEY);
        for (int i = 0; i < 6; i++) {
            assertThat(backward(KEY, refs.get(i).position())).isEqualTo(reversed.subList(6 - i, 6));
        }
        assertThat(backward("nobody", Long.MAX_VALUE)).isEmpty();
        assertThatThrownBy(() -> backward(KEY, refs.get(1).position() + 8)).isInstanceOf(EntryNotFoundException.class);
    }

    @Test
    void backward_overADeletedFile_isToldOnce() throws IOException {
        try (NanoWalLog log = new NanoWalLog(directory, ReaderOptions.builder().build());
                RecordWalk walk = log.scanBackward(KEY, Long.MAX_VALUE)) {
            assertThat(walk.next()).isTrue();
            Files.delete(NanoWalFiles.path(directory, KEY, 9_000));
            assertThat(walk.next()).isTrue();
            assertThat(walk.next()).isTrue();
            assertThat(walk.nextPosition()).isEqualTo(1L << 40);
            assertThatThrownBy(walk::next).isInstanceOfSatisfying(EntryExpiredException.class, gone -> {
                assertThat(gone.from()).isZero();
                assertThat(gone.to()).isEqualTo(1L << 40);
            });
            assertThat(walk.next()).isFalse();
        }
    }

    @Test
    void latest_isTheLastRecord_alsoBeforeAnEmptyFile() throws IOException {
        assertThat(reader.latest(KEY)).hasValueSatisfying(entry -> assertThat(entry.contentBytes()).asString().isEqualTo("content 5"));
        NanoWalFiles.write(directory, KEY, 30_000);
        assertThat(reader.latest(List.of("other", "nobody", KEY)).values()).extracting(entry -> entry.content().toString(StandardCharsets.UTF_8))
                .containsExactly("alone", "content 5");
        assertThat(reader.latest("nobody")).isEmpty();
    }

    @Test
    void scanMerged_goesFromPrefixToPrefix_andOnWithWhatComes() throws IOException {
        try (NanoWalLog log = new NanoWalLog(directory, ReaderOptions.builder().build());
                NanoWalMerged walk = log.scanMerged(() -> log.keys(ALL), TimeRange.ALL);
                NanoWalMerged none = log.scanMerged(() -> log.keys(ALL), new TimeRange(1, 2))) {
            assertThat(none.next()).isFalse();
            List<String> found = new ArrayList<>();
            while (walk.next()) {
                found.add(walk.key() + "@" + walk.record().position());
            }
            List<String> all = new ArrayList<>(refs(KEY).stream().map(ref -> KEY + "@" + ref.position()).toList());
            all.add("other@0");
            assertThat(found).isEqualTo(all);
            assertThat(walk.next()).isFalse();
            NanoWalFiles.append(NanoWalFiles.path(directory, KEY, 20_000), record(6));
            NanoWalFiles.write(directory, "new", 1, NanoWalFiles.record("", "first"));
            assertThat(walk.next()).isTrue();
            assertThat(walk.record().copyBody()).asString(StandardCharsets.UTF_8).isEqualTo("header 6content 6");
            assertThat(walk.next()).isTrue();
            assertThat(walk.key()).isEqualTo("new");
            assertThat(walk.next()).isFalse();
            assertThat(walk.positions()).containsOnlyKeys(KEY, "other", "new");
            Files.delete(NanoWalFiles.path(directory, "new", 1));
            NanoWalFiles.write(directory, "new", 2, NanoWalFiles.record("", "second"));
            assertThatThrownBy(walk::next).isInstanceOf(EntryExpiredException.class);
            assertThat(walk.next()).isTrue();
            assertThat(walk.record().copyBody()).asString(StandardCharsets.UTF_8).isEqualTo("second");
        }
    }

    @Test
    void describe_saysWhatThereIs() throws IOException {
        StreamInfo info = reader.describe(KEY).orElseThrow();
        assertThat(info).isEqualTo(new StreamInfo(
                KEY, 2, 2 * (16 + 3 * 33), 2 * 3 * 33, 0, refs(KEY).get(5).end(), OptionalLong.of(0), OptionalLong.of(0)));
        NanoWalFiles.write(directory, "empty", 1);
        assertThat(reader.describe("empty")).contains(new StreamInfo("empty", 1, 16, 0, 0, 0, OptionalLong.empty(), OptionalLong.empty()));
        assertThat(reader.describe("nobody")).isEmpty();
    }

    @Test
    void readBatch_inAnyOrder_readsNeighboursTogether() {
        List<EntryRef> refs = refs(KEY);
        refs.addAll(refs("other"));
        refs.add(refs.get(2));
        Collections.shuffle(refs, new Random(4));
        long before = reader.readCalls();
        try (EntryBatch batch = reader.readBatch(refs)) {
            assertThat(reader.readCalls() - before).isEqualTo(3);
            for (int i = 0; i < refs.size(); i++) {
                assertThat(batch.status(i)).isEqualTo(Status.FOUND);
                Entry entry = batch.get(i);
                assertThat(entry.ref()).isEqualTo(refs.get(i));
                assertThat(entry.timestampMillis()).isZero();
                Entry same = reader.find(refs.get(i)).orElseThrow();
                assertThat(entry.headerBytes()).isEqualTo(same.headerBytes());
                assertThat(entry.content()).isEqualTo(same.content());
                assertThat(entry.content().isReadOnly()).isTrue();
            }
            assertThat(batch.found()).extracting(entry -> entry.content().toString(StandardCharsets.UTF_8))
                    .contains("alone", "content 0", "content 5");
        }
    }

    @Test
    void readBatch_refsToNowhere_areToldApart() {
        EntryRef first = refs(KEY).get(0);
        List<EntryRef> nowhere = List.of(
                new EntryRef(KEY, first.position(), first.size() + 8),
                new EntryRef(KEY, first.position(), 32),
                new EntryRef(KEY, first.position() + 8, first.size()),
                new EntryRef(KEY, first.position() + 4, first.size()),
                new EntryRef(KEY, 1L << 39, first.size()),
                new EntryRef(KEY, first.position(), (32 << 20) - 8),
                new EntryRef(KEY, 2L << 40, first.size()),
                new EntryRef("nobody", 0, first.size()));
        try (EntryBatch batch = reader.readBatch(nowhere)) {
            for (int i = 0; i < nowhere.size(); i++) {
                assertThat(batch.status(i)).as("%s", nowhere.get(i)).isEqualTo(Status.NOT_FOUND);
            }
        }
        List<EntryRef> made = new ArrayList<>(refs(KEY).subList(0, 3));
        IntStream.range(0, 1_000).forEach(i -> made.add(new EntryRef(KEY, i * 8L, 8 * (115 - 16 - i % 90))));
        try (EntryBatch batch = reader.readBatch(made)) {
            assertThat(batch.found()).extracting(Entry::ref).containsOnly(refs(KEY).subList(0, 3).toArray(EntryRef[]::new));
        }
    }

    @Test
    void readBatch_madeUpRefs_takeNoMoreMemoryThanTheFile() throws IOException {
        NanoWalFiles.write(directory, "large", 1, NanoWalFiles.record(new byte[0], new byte[4_000_000]));
        List<EntryRef> made = new ArrayList<>(IntStream.range(0, 100).mapToObj(i -> new EntryRef("large", i * 8L, 8 * 3_000_000)).toList());
        made.add(refs("large").get(0));
        made.add(made.get(100));
        ReaderOptions much = ReaderOptions.builder().maxBatchBytes(1 << 30).build();
        try (WalReader generous = WalReader.openNanoWal(directory, much); EntryBatch batch = generous.readBatch(made)) {
            assertThat(batch.bufferCount()).isEqualTo(1);
            assertThat(batch.found()).hasSize(2).allSatisfy(entry -> assertThat(entry.content().readableBytes()).isEqualTo(4_000_000));
        }
    }

    /** A ref says how long its record is, unless that is 4 MiB or more: then the record is found first. */
    @Test
    void readBatch_recordsTakeTooMuchTogether_isRefused() throws IOException {
        NanoWalFiles.write(directory, "small", 1, record(1), record(2), record(3));
        NanoWalFiles.write(directory, "large", 1,
                NanoWalFiles.record(new byte[0], new byte[5_000_000]), NanoWalFiles.record(new byte[0], new byte[5_000_000]));
        List<EntryRef> small = refs("small");
        List<EntryRef> large = refs("large");
        try (WalReader one = WalReader.openNanoWal(directory, ReaderOptions.builder().maxBatchBytes(70).build())) {
            assertThatThrownBy(() -> one.readBatch(small))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("bytes=99, maxBatchBytes=70").hasMessageContaining("fewer");
            try (EntryBatch batch = one.readBatch(small.subList(0, 2))) {
                assertThat(batch.found()).hasSize(2);
            }
        }
        try (WalReader one = WalReader.openNanoWal(directory, ReaderOptions.builder().maxBatchBytes(8_000_000).build())) {
            assertThatThrownBy(() -> one.readBatch(large))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("bytes=10000").hasMessageContaining("fewer");
            try (EntryBatch batch = one.readBatch(large.subList(1, 2))) {
                assertThat(batch.found()).hasSize(1);
            }
        }
    }

    @Test
    void aRefIntoContentThatLooksLikeARecord_isFoundOnlyByWhoMadeItUp() throws IOException {
        byte[] inner = NanoWalFiles.record("", "inner");
        NanoWalFiles.write(directory, "nested", 1, NanoWalFiles.record(new byte[0], inner), record(1));
        assertThat(refs("nested")).hasSize(2);
        assertThat(reader.verify("nested").records()).isEqualTo(2);
        assertThatThrownBy(() -> reader.scanFrom("nested", 16 * 8)).isInstanceOf(EntryNotFoundException.class);
    }

    @Test
    void verify_ofSoundFiles_findsNothing() {
        assertThat(reader.verify(KEY)).isEqualTo(new VerifyReport(KEY, 6, 6 * 33, List.of(), false));
        assertThat(reader.verify("nobody")).isEqualTo(new VerifyReport("nobody", 0, 0, List.of(), false));
    }

    // ---- while it is written and deleted

    @Test
    void aCursor_goesOnWithWhatIsAppended_andWithTheNextFile() throws IOException {
        try (EntryCursor cursor = reader.scan(KEY)) {
            assertThat(readOn(cursor)).isEqualTo(contents(0, 6));
            byte[] next = record(6);
            for (int i = 1; i < next.length; i++) {
                Files.write(NanoWalFiles.path(directory, KEY, 20_000), new byte[] {next[i - 1]}, StandardOpenOption.APPEND);
                assertThat(cursor.next()).isFalse();
            }
            assertThat(reader.verify(KEY).damage()).isEmpty();
            NanoWalFiles.append(NanoWalFiles.path(directory, KEY, 20_000), new byte[] {next[next.length - 1]}, record(7));
            NanoWalFiles.write(directory, KEY, 30_000, record(8));
            assertThat(readOn(cursor)).isEqualTo(contents(6, 9));
        }
        assertThat(reader.latest(KEY).orElseThrow().contentBytes()).asString().isEqualTo("content 8");
    }

    @Test
    void deletedFiles_areExpired_andPositionsStay() throws IOException {
        List<EntryRef> refs = refs(KEY);
        try (EntryCursor early = reader.scan(KEY)) {
            Files.delete(NanoWalFiles.path(directory, KEY, 9_000));
            assertThatThrownBy(early::next).isInstanceOfSatisfying(EntryExpiredException.class, gone -> {
                assertThat(gone.from()).isZero();
                assertThat(gone.to()).isEqualTo(1L << 40);
            });
            assertThat(readOn(early)).isEqualTo(contents(3, 6));
        }
        try (EntryBatch batch = reader.readBatch(refs)) {
            for (int i = 0; i < 6; i++) {
                assertThat(batch.status(i)).isEqualTo(i < 3 ? Status.EXPIRED : Status.FOUND);
            }
        }
        assertThat(read(reader.scanFrom(KEY, refs.get(1).position()))).isEqualTo(contents(3, 6));
        assertThat(read(reader.scanLast(KEY, 9))).isEqualTo(contents(3, 6));
        assertThat(reader.describe(KEY).orElseThrow().firstPosition()).isEqualTo(1L << 40);
        Files.delete(NanoWalFiles.path(directory, KEY, 20_000));
        assertThat(reader.keys()).containsExactly("other");
        assertThat(reader.find(refs.get(5))).isEmpty();
        NanoWalFiles.write(directory, KEY, 30_000, record(6));
        assertThat(refs(KEY).get(0).position()).isEqualTo(2L << 40);
    }

    /** It leads to itself, so opening it fails. */
    @Test
    void scanMerged_aFileThatCantBeOpened_doesNotKeepTheOthers() throws IOException {
        assertThat(reader.keys()).hasSize(2);
        Path file = NanoWalFiles.path(directory, KEY, 9_000);
        byte[] bytes = Files.readAllBytes(file);
        Files.delete(file);
        Path unused = Files.createSymbolicLink(file, file);
        try (EntryCursor cursor = reader.scanMerged(Keys.all(), Instant.EPOCH, Instant.MAX)) {
            assertThatThrownBy(cursor::next).isInstanceOf(WalIOException.class).hasMessageContaining("file=" + file);
            assertThat(readOn(cursor)).containsExactly("alone");
            Files.delete(file);
            Files.write(file, bytes);
            assertThat(readOn(cursor)).isEqualTo(contents(0, 6));
        }
    }

    @Test
    void scanLast_appendedLater_staysTheNewestOfThen() throws IOException {
        try (EntryCursor cursor = reader.scanLast(KEY, 100); EntryCursor ofNothing = reader.scanLast("nobody", 100)) {
            assertThat(readOn(cursor)).isEqualTo(contents(0, 6));
            NanoWalFiles.append(NanoWalFiles.path(directory, KEY, 20_000), record(6));
            NanoWalFiles.write(directory, "nobody", 20_000, record(7));
            assertThat(cursor.next()).isFalse();
            assertThat(ofNothing.next()).isFalse();
        }
        assertThat(read(reader.scanLast(KEY, 1))).isEqualTo(contents(6, 7));
    }

    @Test
    void aFileThatGoesWhileACursorIsBeforeIt_isToldOnce() throws IOException {
        NanoWalFiles.write(directory, KEY, 30_000, record(6));
        try (EntryCursor cursor = reader.scan(KEY)) {
            assertThat(cursor.next()).isTrue();
            Files.delete(NanoWalFiles.path(directory, KEY, 20_000));
            assertThat(reader.keys()).contains(KEY);
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.next()).isTrue();
            assertThatThrownBy(cursor::next).isInstanceOfSatisfying(EntryExpiredException.class, gone -> {
                assertThat(gone.from()).isEqualTo(1L << 40);
                assertThat(gone.to()).isEqualTo(2L << 40);
            });
            assertThat(readOn(cursor)).containsExactly("content 6");
        }
    }

    @Test
    @Timeout(300)
    void aCursor_whileFilesFollowEachOther_missesNothing() throws Exception {
        int files = 500;
        try (FileSystem memory = Jimfs.newFileSystem(Configuration.unix())) {
            Path busy = Files.createDirectory(memory.getPath("/busy"));
            FutureTask<Void> writer = new FutureTask<>(() -> {
                for (int i = 0; i < files; i++) {
                    Path file = NanoWalFiles.write(busy, KEY, 1_000 + i);
                    NanoWalFiles.append(file, record(2 * i));
                    NanoWalFiles.append(file, record(2 * i + 1));
                }
                return null;
            });
            new Thread(writer, "nano-wal writer").start();
            try (WalReader live = WalReader.openNanoWal(busy); EntryCursor cursor = live.scan(KEY)) {
                for (int i = 0; i < 2 * files; i++) {
                    while (!cursor.next()) {
                        Thread.onSpinWait();
                        if (writer.isDone()) {
                            writer.get();
                        }
                    }
                    assertThat(cursor.content().toString(StandardCharsets.UTF_8)).isEqualTo("content " + i);
                }
                writer.get();
                assertThat(cursor.next()).isFalse();
            }
        }
    }

    @Test
    void follow_looksCheaply_andMissesNothing() throws IOException {
        try (NanoWalLog log = new NanoWalLog(directory, ReaderOptions.builder().build());
                NanoWalForward tail = log.follow(KEY, new ScanBegin.End());
                NanoWalForward first = log.follow(KEY, new ScanBegin.Oldest());
                NanoWalForward nobody = log.follow("later", new ScanBegin.End())) {
            assertThat(tail.next()).isFalse();
            assertThat(nobody.next()).isFalse();
            IntStream.range(0, 6).forEach(i -> assertThat(first.next()).isTrue());
            for (NanoWalForward settled : List.of(tail, nobody)) {
                settled.settle();
                assertThat(settled.mayHaveMore()).isFalse();
                assertThat(settled.next()).isFalse();
            }
            Path file = NanoWalFiles.path(directory, KEY, 20_000);
            for (int i = 6; i < 20; i++) {
                tail.settle();
                byte[] record = record(i);
                if (i % 5 == 0) {
                    file = NanoWalFiles.write(directory, KEY, 20_000 + i);
                }
                NanoWalFiles.append(file, Arrays.copyOf(record, i));
                assertThat(tail.mayHaveMore()).isTrue();
                assertThat(tail.next()).isFalse();
                assertThat(tail.mayHaveMore()).isFalse();
                NanoWalFiles.append(file, Arrays.copyOfRange(record, i, record.length));
                assertThat(tail.mayHaveMore()).isTrue();
                assertThat(tail.next()).isTrue();
                assertThat(new String(tail.record().copyBody(), StandardCharsets.UTF_8)).endsWith("content " + i);
                assertThat(tail.next()).isFalse();
                assertThat(tail.positions()).containsExactly(Map.entry(KEY, tail.nextPosition()));
            }
            NanoWalFiles.write(directory, "later", 1, record(0));
            assertThat(nobody.mayHaveMore()).isTrue();
            assertThat(nobody.next()).isTrue();
            Files.delete(NanoWalFiles.path(directory, KEY, 20_000));
            Files.delete(NanoWalFiles.path(directory, KEY, 20_010));
            IntStream.range(6, 10).forEach(i -> assertThat(first.next()).isTrue());
            assertThatThrownBy(first::next).isInstanceOf(EntryExpiredException.class);
            IntStream.range(15, 20).forEach(i -> assertThat(first.next()).isTrue());
            assertThat(first.next()).isFalse();
            assertThatThrownBy(() -> log.follow(KEY, new ScanBegin.At(1L << 40)).next()).isInstanceOf(EntryExpiredException.class);
            int open = log.channels().openFiles();
            Files.delete(NanoWalFiles.path(directory, KEY, 20_015));
            assertThat(tail.next()).isFalse();
            assertThat(first.next()).isFalse();
            assertThat(log.channels().openFiles()).as("a deleted file is let go of").isEqualTo(open - 1);
        }
    }

    /** Every record's time is 0. */
    @Test
    void follow_aTime_isTheFirstRecordOrTheEnd() {
        try (NanoWalLog log = new NanoWalLog(directory, ReaderOptions.builder().build());
                NanoWalForward first = log.follow(KEY, new ScanBegin.Time(Instant.EPOCH));
                NanoWalForward end = log.follow(KEY, new ScanBegin.Time(Instant.ofEpochMilli(1)));
                NanoWalMerged ends = log.followAll(ALL, Map.of(KEY, new ScanBegin.Time(Instant.MAX)))) {
            assertThat(bodies(first)).hasSize(6);
            assertThat(bodies(end)).isEmpty();
            assertThat(bodies(ends)).containsExactly("alone");
        }
    }

    @Test
    void followAll_goesOnWhereEachStreamWasReadTo() throws IOException {
        long fourth = refs(KEY).get(4).position();
        try (NanoWalLog log = new NanoWalLog(directory, ReaderOptions.builder().build());
                NanoWalMerged all = log.followAll(ALL, Map.of(KEY, new ScanBegin.At(fourth), "later", new ScanBegin.End()));
                NanoWalMerged given = log.followAll(KeyScope.key(KEY), Map.of(KEY, new ScanBegin.End()))) {
            assertThat(bodies(all)).containsExactly("header 4content 4", "header 5content 5", "alone");
            assertThat(bodies(given)).isEmpty();
            NanoWalFiles.append(NanoWalFiles.path(directory, KEY, 20_000), record(6));
            NanoWalFiles.write(directory, "later", 1, NanoWalFiles.record("", "x"));
            assertThat(all.mayHaveMore()).isTrue();
            assertThat(bodies(all)).containsExactly("header 6content 6", "x");
            assertThat(bodies(given)).containsExactly("header 6content 6");
            Map<String, ScanBegin> reached = new HashMap<>();
            all.positions().forEach((key, position) -> reached.put(key, new ScanBegin.At(position)));
            try (NanoWalMerged resumed = log.followAll(ALL, reached)) {
                assertThat(bodies(resumed)).isEmpty();
            }
            assertThatThrownBy(() -> log.followAll(ALL, Map.of(KEY, new ScanBegin.At(fourth + 8)))).isInstanceOf(EntryNotFoundException.class);
        }
    }

    @Test
    void followAll_closedInTheMiddleOfAStream_tellsWhereItStood() {
        try (NanoWalLog log = new NanoWalLog(directory, ReaderOptions.builder().build())) {
            NanoWalMerged all = log.followAll(ALL, Map.of());
            assertThat(all.next()).isTrue();
            assertThat(all.next()).isTrue();
            all.close();
            assertThat(all.positions()).containsExactly(Map.entry(KEY, refs(KEY).get(1).end()));
        }
    }

    /** A directory in the file's place is opened as a file is, and can't be read. */
    @Test
    void scanBackward_aFileCannotBeReadForNow_isReadByTheNextCall() throws IOException {
        try (EntryCursor backward = reader.scanBackward(KEY, Long.MAX_VALUE)) {
            for (int i = 5; i >= 3; i--) {
                assertThat(backward.next()).isTrue();
            }
            Path file = NanoWalFiles.path(directory, KEY, 9_000);
            Path kept = Files.move(file, directory.resolve("kept"));
            Files.createDirectory(file);
            assertThatThrownBy(backward::next).isInstanceOf(WalIOException.class);
            Files.delete(file);
            Files.move(kept, file);
            assertThat(read(backward)).containsExactly("content 2", "content 1", "content 0");
        }
    }

    private static List<String> bodies(RecordWalk walk) {
        List<String> bodies = new ArrayList<>();
        while (walk.next()) {
            bodies.add(new String(walk.record().copyBody(), StandardCharsets.UTF_8));
        }
        return bodies;
    }

    // ---- other files

    @Test
    void aSegmentOfALog_isRefused_andTheOthersAreRead() throws IOException {
        Path log = Files.createDirectory(directory.resolve("log"));
        SegmentWriterForTests writer = SegmentWriterForTests.first(log, "a");
        writer.append(1, "x");
        writer.write();
        Files.copy(writer.file(), NanoWalFiles.path(directory, KEY, 10_000));
        try (EntryCursor cursor = reader.scan(KEY)) {
            IntStream.range(0, 3).forEach(i -> assertThat(cursor.next()).isTrue());
            assertThatThrownBy(cursor::next).isInstanceOf(UnsupportedFormatException.class).hasMessageContaining("WalReader.open");
            assertThat(readOn(cursor)).isEqualTo(contents(3, 6));
        }
        assertThatThrownBy(() -> WalReader.openNanoWal(log)).isInstanceOf(UnsupportedFormatException.class).hasMessageContaining("with open");
    }

    @Test
    void open_onSuchADirectory_saysHowToOpenIt() throws IOException {
        assertThatThrownBy(() -> WalReader.open(directory)).isInstanceOf(UnsupportedFormatException.class).hasMessageContaining("openNanoWal");
        Path file = NanoWalFiles.path(directory, KEY, 9_000);
        assertThatThrownBy(() -> WalReader.openNanoWal(file)).isInstanceOf(WalIOException.class);
        assertThatThrownBy(() -> WalReader.openNanoWal(directory.resolve("nothing"))).isInstanceOf(WalIOException.class);
        Path empty = Files.createDirectory(directory.resolve("empty"));
        try (WalReader both = WalReader.open(empty); WalReader other = WalReader.openNanoWal(empty)) {
            assertThat(both.keys()).isEmpty();
            assertThat(other.keys()).isEmpty();
        }
    }

    @Test
    void close_thenUse_isRefused() {
        EntryCursor cursor = reader.scan(KEY);
        reader.close();
        assertThatThrownBy(cursor::next).isInstanceOf(WalClosedException.class);
        assertThatThrownBy(() -> reader.keys()).isInstanceOf(WalClosedException.class).hasMessageEndingWith("; open another one");
        assertThatThrownBy(() -> reader.readBatch(List.of(new EntryRef(KEY, 0, 128)))).isInstanceOf(WalClosedException.class);
        cursor.close();
        assertThat(reader.openFiles()).isZero();
    }

    // ---- large ones

    @Test
    void manyRecordsOfAllLengths_forwardsBackwardsAndByRef() throws IOException {
        Random random = new Random(11);
        List<byte[]> records = new ArrayList<>();
        for (int i = 0; i < 3_000; i++) {
            byte[] content = new byte[random.nextInt(100) == 0 ? random.nextInt(300_000) : random.nextInt(200)];
            random.nextBytes(content);
            records.add(NanoWalFiles.record(("h" + i).getBytes(StandardCharsets.UTF_8), content));
        }
        records.add(NanoWalFiles.record(new byte[0], new byte[5 << 20]));
        NanoWalFiles.write(directory, "large", 1, records.toArray(byte[][]::new));
        NanoWalFiles.append(NanoWalFiles.path(directory, "large", 1), record(7));
        records.add(record(7));

        List<EntryRef> refs = new ArrayList<>();
        try (EntryCursor cursor = reader.scan("large")) {
            for (byte[] record : records) {
                assertThat(cursor.next()).isTrue();
                assertThat(NanoWalFiles.record(cursor.copy().headerBytes(), cursor.copy().contentBytes())).isEqualTo(record);
                refs.add(cursor.ref());
            }
            assertThat(cursor.next()).isFalse();
        }
        try (EntryBatch batch = reader.readBatch(refs)) {
            for (int i = 0; i < refs.size(); i++) {
                assertThat(NanoWalFiles.record(batch.get(i).headerBytes(), batch.get(i).contentBytes())).isEqualTo(records.get(i));
            }
        }
        // the ref of the large one doesn't say how long it is
        assertThat(refs.get(3_000).size()).isEqualTo((32 << 20) - 8);
        assertThat(read(reader.scanFrom("large", refs.get(3_000).end()))).containsExactly("content 7");
        try (NanoWalLog log = new NanoWalLog(directory, ReaderOptions.builder().build());
                RecordWalk walk = log.scanBackward("large", Long.MAX_VALUE)) {
            for (int i = records.size() - 1; i >= 0; i--) {
                assertThat(walk.next()).isTrue();
                assertThat(walk.record().headerLength() + walk.record().contentLength() + 16).isEqualTo(records.get(i).length);
                assertThat(walk.record().copyBody()).endsWith(Arrays.copyOfRange(records.get(i), 16, records.get(i).length));
            }
            assertThat(walk.next()).isFalse();
            assertThat(log.channels().readCalls()).isLessThan(1_000);
        }
    }
}
