package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.AnotherBoot;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code quarantine --restore}. */
class QuarantineRestoreTest {

    private static final String KEY = "cpu/a";
    private static final long START = CliRun.NOW.minus(Duration.ofMinutes(9)).toEpochMilli();

    @TempDir
    private Path directory;

    private Path root;
    private WrittenLog log;
    /** Of records 0 to 9, a second apart, in one segment. */
    private final List<EntryRef> refs = new ArrayList<>();

    @BeforeEach
    void write() {
        root = directory.resolve("log");
        log = new WrittenLog(root);
        try (StreamWal wal = log.open()) {
            for (int i = 0; i < 10; i++) {
                refs.add(wal.stream(KEY).append(entry(i)));
            }
        }
    }

    private static WriteEntry entry(int number) {
        return WriteEntry.of(("h" + number).getBytes(UTF_8), ("record " + number).getBytes(UTF_8), START + number * 1_000L);
    }

    private static String text(int number) {
        return START + number * 1_000L + " h" + number + " record " + number;
    }

    private static List<String> texts(int... numbers) {
        return Arrays.stream(numbers).mapToObj(QuarantineRestoreTest::text).toList();
    }

    private List<String> read(String key) {
        List<String> read = new ArrayList<>();
        try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scan(key)) {
            while (cursor.next()) {
                read.add(cursor.timestampMillis() + " " + cursor.header().toString(UTF_8) + " " + cursor.content().toString(UTF_8));
            }
        }
        return read;
    }

    private Path segment(String key) throws IOException {
        return log.segments(StreamKey.of(key).directoryName()).get(0);
    }

    private int offset(EntryRef ref) {
        return headerLength(KEY) + (int) ref.position();
    }

    private Path quarantine() throws IOException {
        return Files.createDirectories(root.resolve("quarantine"));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(quarantine())) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    /** As recovery does where a stream's end can't be believed from a record on: the rest of the file is copied, and cut. */
    private Path setAsideFrom(String key, EntryRef lastKept, int from) throws IOException {
        Path segment = segment(key);
        byte[] all = Files.readAllBytes(segment);
        String stream = StreamKey.of(key).directoryName();
        Path aside = quarantine().resolve(stream.substring(0, Math.min(100, stream.length())) + "_" + segment.getFileName() + "_" + from
                + ".aside");
        Files.write(aside, Arrays.copyOfRange(all, from, all.length));
        try (StreamWal wal = log.open()) {
            wal.stream(key).truncateAfter(lastKept);
        }
        return aside;
    }

    private Path setAsideFrom(int number) throws IOException {
        return setAsideFrom(KEY, refs.get(number - 1), offset(refs.get(number)));
    }

    private static void change(Path file, int offset, int value) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[offset] = (byte) value;
        Files.write(file, bytes);
    }

    private CliRun restore(Object... more) {
        List<Object> arguments = new ArrayList<>(List.of("quarantine", root, "--restore"));
        arguments.addAll(List.of(more));
        return CliRun.of(arguments.toArray());
    }

    private CliRun append() {
        return restore("*", "--append");
    }

    @Test
    void dryRun_showsWhatWouldComeBack_andChangesNothing() throws IOException {
        Path aside = setAsideFrom(4);
        Map<String, String> before = log.files();
        CliRun run = restore();
        assertThat(run.lines()).hasSize(3);
        assertThat(run.lines().get(0)).startsWith("NAME").endsWith("KEY    RECORDS   SIZE  OLDEST                    NEWEST");
        assertThat(run.lines().get(1)).isEqualTo(aside.getFileName()
                + "  cpu/a        6  288 B  2024-05-01T11:51:04.000Z  2024-05-01T11:51:09.000Z");
        assertThat(run.lines().get(2)).isEqualTo("would append 6 records, 288 B, to 1 stream; --append does");
        assertThat(run.exit()).isZero();
        assertThat(run.err()).isEmpty();
        List<Map<String, Object>> json = restore("--json").json();
        assertThat(json.get(0)).containsEntry("type", "file").containsEntry("file", aside.toString()).containsEntry("key", "cpu/a")
                .containsEntry("records", 6L).containsEntry("bytes", 288L).containsEntry("fromMillis", START + 4_000)
                .containsEntry("toMillis", START + 9_000).containsEntry("alreadyThere", 0L).containsEntry("expired", 0L);
        assertThat(json.get(1)).containsEntry("type", "summary").containsEntry("dryRun", true).containsEntry("records", 6L)
                .containsEntry("streams", 1L);
        assertThat(log.files()).isEqualTo(before);
    }

    /** Streams x and y, of which records 0 to 5 stand in a shared segment in turn, and then a batch of y. What stands behind the second of each is set aside. */
    private Path setAsideShared() throws IOException {
        Path segment;
        List<EntryRef> x = new ArrayList<>();
        List<EntryRef> y = new ArrayList<>();
        try (StreamWal wal = log.openShared()) {
            for (int i = 0; i < 6; i++) {
                x.add(wal.stream("x").append(entry(i)));
                y.add(wal.stream("y").append(entry(i)));
            }
            wal.stream("y").appendBatch(List.of(entry(6), entry(7)));
            segment = segment(StreamKey.SHARED.text());
        }
        byte[] all = Files.readAllBytes(segment);
        int from = new String(all, ISO_8859_1).indexOf("record 2");
        // the first of these frames begins at the first commit word before it
        from = new String(all, ISO_8859_1).lastIndexOf("NANORC", from);
        Path aside = quarantine().resolve(StreamKey.SHARED.directoryName() + "_" + segment.getFileName() + "_" + from + ".aside");
        try (StreamWal wal = log.openShared()) {
            wal.stream("x").truncateAfter(x.get(1));
            wal.stream("y").truncateAfter(y.get(1));
        }
        Files.write(aside, Arrays.copyOfRange(all, from, all.length));
        // as where recovery has cut the file there
        Files.write(segment, Arrays.copyOfRange(all, 0, from));
        return aside;
    }

    @Test
    void append_ofASharedSegment_bringsBackEachStreamsRecordsOnce() throws IOException {
        Path aside = setAsideShared();
        assertThat(restore().lines()).last().asString().startsWith("would append 10 records");
        assertThat(read("x")).isEqualTo(texts(0, 1));
        CliRun run = append();
        assertThat(run.err()).isEmpty();
        assertThat(run.lines()).last().asString().startsWith("appended 10 records").endsWith("to 2 streams");
        assertThat(run.exit()).isZero();
        assertThat(read("x")).isEqualTo(texts(0, 1, 2, 3, 4, 5));
        assertThat(read("y")).isEqualTo(texts(0, 1, 2, 3, 4, 5, 6, 7));
        assertThat(names()).contains(aside.getFileName() + ".restored");

        // a run that was cut short behind all, and another copy
        Files.move(quarantine().resolve(aside.getFileName() + ".restored"), quarantine().resolve(aside.getFileName() + ".restoring-0"));
        assertThat(append().lines()).anyMatch(line -> line.startsWith("left out 10 records"));
        Files.copy(quarantine().resolve(aside.getFileName() + ".restored"), aside);
        assertThat(append().lines()).anyMatch(line -> line.startsWith("left out 10 records"));
        assertThat(read("x")).isEqualTo(texts(0, 1, 2, 3, 4, 5));
        assertThat(read("y")).isEqualTo(texts(0, 1, 2, 3, 4, 5, 6, 7));
    }

    /** Before long a shared segment is packed, and gone with its salt: recovery has set its header aside, too. */
    @Test
    void append_ofASharedSegmentThatIsPacked_bringsBackEachStreamsRecords() throws IOException {
        Path aside = setAsideShared();
        Path segment = segment(StreamKey.SHARED.text());
        Path header = quarantine().resolve(StreamKey.SHARED.directoryName() + "_" + segment.getFileName() + "_0.aside");
        Files.write(header, Arrays.copyOf(Files.readAllBytes(segment), headerLength(StreamKey.SHARED.text())));
        log.pack();
        assertThat(segment).doesNotExist();
        CliRun run = append();
        assertThat(run.err()).isEmpty();
        assertThat(run.exit()).isZero();
        assertThat(run.lines()).last().asString().startsWith("appended 10 records").endsWith("to 2 streams");
        assertThat(read("x")).isEqualTo(texts(0, 1, 2, 3, 4, 5));
        assertThat(read("y")).isEqualTo(texts(0, 1, 2, 3, 4, 5, 6, 7));
        assertThat(names()).contains(aside.getFileName() + ".restored", header.getFileName().toString());
    }

    @Test
    void dryRun_worksOnALiveLog_andAppendIsLockedOut() throws IOException {
        setAsideFrom(4);
        try (StreamWal wal = log.open()) {
            assertThat(restore().lines()).last().asString().startsWith("would append 6 records");
            assertThat(append().exit()).isEqualTo(Exit.LOCKED.code());
            assertThat(wal.health().cause()).isEmpty();
        }
        assertThat(read(KEY)).isEqualTo(texts(0, 1, 2, 3));
        assertThat(names()).singleElement().asString().endsWith(".aside");
    }

    @Test
    void append_bringsBackWhatVerifies_atNewPositions_withTheirTimes() throws IOException {
        Path aside = setAsideFrom(4);
        CliRun run = append();
        assertThat(run.err()).isEmpty();
        assertThat(run.lines()).last().isEqualTo("appended 6 records, 288 B, to 1 stream");
        assertThat(run.exit()).isZero();
        assertThat(read(KEY)).isEqualTo(texts(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
        try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scan(KEY)) {
            for (int i = 0; i < 10; i++) {
                assertThat(cursor.next()).isTrue();
                assertThat(cursor.ref().equals(refs.get(i))).as("record %d keeps its position", i).isEqualTo(i < 4);
            }
        }
        assertThat(names()).containsExactly(aside.getFileName() + ".restored");
        assertThat(CliRun.of("verify", root).exit()).isZero();
    }

    @Test
    void append_aPartOfASegmentThatIsGone_isRefused() throws IOException {
        setAsideFrom(4);
        try (StreamWal wal = log.open()) {
            assertThat(wal.delete(KEY)).isTrue();
        }
        CliRun gone = append();
        assertThat(gone.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(gone.err()).contains("not restored: cpu%2fa_", "the header of its segment is gone");
        assertThat(names()).singleElement().asString().endsWith(".aside");
    }

    @Test
    void append_aWholeSegment_alsoWhereTheStreamIsGone() throws IOException {
        Path segment = segment(KEY);
        String name = segment.getFileName().toString();
        Files.copy(segment, quarantine().resolve("cpu%2fa_" + name + "_0.aside"));
        try (StreamWal wal = log.open()) {
            assertThat(wal.delete(KEY)).isTrue();
        }
        CliRun run = append();
        assertThat(run.err()).isEmpty();
        assertThat(run.exit()).isZero();
        assertThat(read(KEY)).isEqualTo(texts(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
        // windows of ten minutes, kept for an hour, as the log had them, and not what the command line has by default
        assertThat(segment(KEY).getFileName().toString().split("_")[1]).isEqualTo(name.split("_")[1]);
    }

    @Test
    void append_aPartOfASegmentThatIsInTheQuarantineItself() throws IOException {
        setAsideFrom(4);
        Path segment = segment(KEY);
        Files.copy(segment, quarantine().resolve("cpu%2fa_" + segment.getFileName() + "_0.aside"));
        try (StreamWal wal = log.open()) {
            assertThat(wal.delete(KEY)).isTrue();
        }
        CliRun run = append();
        assertThat(run.err()).isEmpty();
        assertThat(run.lines()).last().isEqualTo("appended 10 records, 480 B, to 1 stream");
        assertThat(read(KEY)).isEqualTo(texts(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
    }

    @Test
    void append_twice_doesNothingMore() throws IOException {
        Path aside = setAsideFrom(4);
        assertThat(append().exit()).isZero();
        for (Object name : List.of("*", aside.getFileName())) {
            CliRun again = restore(name, "--append");
            assertThat(again.out()).isEqualTo("appended 0 records, 0 B, to 0 streams\nleft out 1 file, restored before\n");
            assertThat(again.exit()).isZero();
        }
        assertThat(read(KEY)).hasSize(10);
        assertThat(CliRun.of("quarantine", root, "--json").json().get(0)).containsEntry("restored", true).containsEntry("key", KEY);
    }

    @Test
    void append_aSecondCopyOfTheSame_isLeftOut() throws IOException {
        Path aside = setAsideFrom(4);
        Path second = aside.resolveSibling(aside.getFileName().toString().replace(".aside", "_1.aside"));
        Files.copy(aside, second);
        for (boolean appending : List.of(false, true)) {
            CliRun run = appending ? append() : restore();
            assertThat(run.lines()).last().isEqualTo("left out 6 records, there already");
            assertThat(run.out()).contains("append", " 6 records, 288 B, to 1 stream");
            assertThat(run.exit()).isZero();
        }
        assertThat(read(KEY)).hasSize(10);
        assertThat(names()).hasSize(2).allMatch(name -> name.endsWith(".restored"));
    }

    @Test
    void append_whatWasNeverCut_isLeftOut() throws IOException {
        Path segment = segment(KEY);
        byte[] all = Files.readAllBytes(segment);
        Path aside = quarantine().resolve("cpu%2fa_" + segment.getFileName() + "_" + offset(refs.get(5)) + ".aside");
        Files.write(aside, Arrays.copyOfRange(all, offset(refs.get(5)), all.length));
        CliRun run = append();
        assertThat(run.out()).endsWith("appended 0 records, 0 B, to 0 streams\nleft out 5 records, there already\n");
        assertThat(read(KEY)).isEqualTo(texts(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
    }

    @Test
    void append_pastAHoleAndDamage() throws IOException {
        Path aside = setAsideFrom(4);
        int first = offset(refs.get(4));
        // a slot that nobody published, and a record with another byte in its content
        for (int i = 0; i < Long.BYTES; i++) {
            change(aside, i, 0);
        }
        change(aside, offset(refs.get(7)) - first + 34, 'X');
        CliRun run = append();
        assertThat(run.lines()).last().isEqualTo("appended 4 records, 192 B, to 1 stream");
        assertThat(run.exit()).isZero();
        assertThat(read(KEY)).isEqualTo(texts(0, 1, 2, 3, 5, 6, 8, 9));
    }

    @Test
    void append_whereNothingVerifies() throws IOException {
        Path aside = setAsideFrom(4);
        byte[] bytes = Files.readAllBytes(aside);
        Arrays.fill(bytes, (byte) 7);
        Files.write(aside, bytes);
        CliRun run = append();
        assertThat(run.err()).isEqualTo("stream-wal: not restored: " + aside.getFileName() + ": it has no valid record\n");
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(aside).exists();
    }

    @Test
    void append_aBatch_wholeOrNotAtAll() throws IOException {
        EntryRef last;
        try (StreamWal wal = log.open()) {
            last = wal.stream("b").append(entry(0));
            assertThat(wal.stream("b").appendBatch(List.of(entry(1), entry(2)))).hasSize(2);
            assertThat(wal.stream("b").append(entry(3)).size()).isPositive();
            assertThat(wal.stream("b").appendBatch(List.of(entry(4), entry(5), entry(6)))).hasSize(3);
        }
        int from = headerLength("b") + (int) last.end();
        Path aside = setAsideFrom("b", last, from);
        byte[] bytes = Files.readAllBytes(aside);
        CliRun run = append();
        assertThat(run.lines()).last().isEqualTo("appended 6 records, 288 B, to 1 stream");
        assertThat(read("b")).isEqualTo(texts(0, 1, 2, 3, 4, 5, 6));

        // the same once more, with a member of the first batch damaged
        Files.delete(quarantine().resolve(names().get(0)));
        try (StreamWal wal = log.open()) {
            wal.stream("b").truncateAfter(last);
        }
        bytes[indexOf(bytes, "record 2")] ^= 1;
        Files.write(aside, bytes);
        assertThat(append().lines()).last().isEqualTo("appended 4 records, 192 B, to 1 stream");
        assertThat(read("b")).isEqualTo(texts(0, 3, 4, 5, 6));
    }

    private static int indexOf(byte[] bytes, String text) {
        return new String(bytes, ISO_8859_1).indexOf(text);
    }

    private static int headerLength(String key) {
        return SegmentHeaderLayout.headerLength(key.length());
    }

    @Test
    void append_afterARunThatWasCutShort_goesOnWithIt() throws IOException {
        Path aside = setAsideFrom(4);
        long end;
        try (StreamWal wal = log.open()) {
            end = wal.stream(KEY).endPosition();
            // as much as the first run did, and what a program has appended since
            for (int i = 4; i < 7; i++) {
                assertThat(wal.stream(KEY).append(entry(i)).position()).isPositive();
            }
            assertThat(wal.stream(KEY).append(entry(100)).position()).isPositive();
        }
        Path restoring = aside.resolveSibling(aside.getFileName() + ".restoring-" + end);
        Files.move(aside, restoring);
        assertThat(CliRun.of("quarantine", root, "--json").json().get(0)).containsEntry("restored", false).containsEntry("key", KEY);
        assertThat(restore().out())
                .endsWith("would append 3 records, 144 B, to 1 stream; --append does\nleft out 3 records, there already\n");
        CliRun run = append();
        assertThat(run.out()).endsWith("appended 3 records, 144 B, to 1 stream\nleft out 3 records, there already\n");
        assertThat(run.exit()).isZero();
        assertThat(read(KEY)).isEqualTo(texts(0, 1, 2, 3, 4, 5, 6, 100, 7, 8, 9));
        assertThat(names()).containsExactly(aside.getFileName() + ".restored");
    }

    @Test
    void append_keysThatAreTooLongForAName() throws IOException {
        List<String> keys = List.of("k".repeat(300) + "1", "k".repeat(300) + "2", "K".repeat(60));
        List<EntryRef> first = new ArrayList<>();
        try (StreamWal wal = log.open()) {
            for (String key : keys) {
                first.add(wal.stream(key).append(entry(0)));
                assertThat(wal.stream(key).append(entry(keys.indexOf(key) + 1)).position()).isPositive();
            }
        }
        // the first two have the same name in the quarantine
        for (int i = 1; i < keys.size(); i++) {
            setAsideFrom(keys.get(i), first.get(i), headerLength(keys.get(i)) + (int) first.get(i).end());
        }
        CliRun run = append();
        assertThat(run.err()).isEmpty();
        assertThat(run.lines()).last().isEqualTo("appended 2 records, 96 B, to 2 streams");
        for (String key : keys) {
            assertThat(read(key)).isEqualTo(texts(0, keys.indexOf(key) + 1));
        }
    }

    @Test
    void append_whatHasExpired_isLeftOut() throws IOException {
        setAsideFrom(4);
        CliRun run = CliRun.at(CliRun.NOW.plus(Duration.ofHours(2)), "quarantine", root, "--restore");
        assertThat(run.out()).endsWith("would append 0 records, 0 B, to 0 streams; --append does\nleft out 6 records, expired since\n");
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
    }

    @Test
    void append_whatIsLaterThanTheClock_staysWhereItIs() throws IOException {
        Path aside = setAsideFrom(4);
        CliRun run = CliRun.at(CliRun.NOW.minus(Duration.ofHours(3)), "quarantine", root, "*", "--restore", "--append");
        assertThat(run.err()).contains("6 records ahead of the clock");
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(aside).exists();
        assertThat(read(KEY)).hasSize(4);
    }

    /** Whatever recovery does behind a slot that nobody published: all that was acknowledged is there in the end, and once. */
    @Test
    void append_afterARecovery_everyRecordIsThereOnce() throws IOException {
        Path crashed = directory.resolve("crashed");
        EntryRef unpublished;
        try (StreamWal wal = log.open()) {
            for (int i = 0; i < 5; i++) {
                assertThat(wal.stream("e").append(entry(i)).position()).isNotNegative();
            }
            // longer than a sector: so that nobody can tell whether the page was lost
            unpublished = wal.stream("e").append(WriteEntry.of(new byte[700], START + 5_000L));
            for (int i = 6; i < 12; i++) {
                assertThat(wal.stream("e").append(entry(i)).position()).isPositive();
            }
            copyWhatIsWritten(crashed);
        }
        Path segment = crashed.resolve(root.relativize(segment("e")));
        for (int i = 0; i < Long.BYTES; i++) {
            change(segment, headerLength("e") + (int) unpublished.position() + i, 0);
        }
        WalOptions options = WalOptions.builder().window(WrittenLog.WINDOW).retention(WrittenLog.RETENTION).clock(() -> CliRun.NOW)
                .sweepInterval(Duration.ZERO).build();
        assertThat(AnotherBoot.recover(crashed, options).refusedStreams()).isZero();
        root = crashed;
        assertThat(append().exit()).isZero();
        assertThat(read("e")).isEqualTo(texts(0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11));
        assertThat(CliRun.of("verify", root).exit()).isZero();
    }

    /** Of a log that is open; but for the lock, which its process would lose. */
    private void copyWhatIsWritten(Path target) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(file -> !file.endsWith("LOCK")).toList()) {
                Files.copy(file, target.resolve(root.relativize(file)));
            }
        }
    }

    @Test
    void filesOfOthers_areToldOf() throws IOException {
        Files.writeString(quarantine().resolve("notes.txt"), "of somebody");
        Files.writeString(quarantine().resolve("00000001.journal_4096.aside"), "of the journal");
        CliRun run = restore();
        assertThat(run.err()).isEqualTo("""
                stream-wal: can't be restored: notes.txt: its name is not one that recovery gives
                stream-wal: can't be restored: 00000001.journal_4096.aside: it belongs to the commit journal, not to a stream
                """);
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
    }

    @Test
    void arguments() throws IOException {
        assertThat(restore("--append").exit()).isEqualTo(Exit.USAGE.code());
        assertThat(CliRun.of("quarantine", root, "*", "--append").exit()).isEqualTo(Exit.USAGE.code());
        assertThat(restore("*", "--remove").exit()).isEqualTo(Exit.USAGE.code());
        assertThat(restore("--export", directory).exit()).isEqualTo(Exit.USAGE.code());
        CliRun missing = restore("nothing*");
        assertThat(missing.err()).isEqualTo("stream-wal: no file in the quarantine has this name: name=nothing*; stream-wal quarantine LOG lists them\n");
        assertThat(missing.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(restore().out()).isEqualTo("would append 0 records, 0 B, to 0 streams; --append does\n");
    }
}
