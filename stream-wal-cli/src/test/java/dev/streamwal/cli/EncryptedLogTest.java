package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Storage;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.RecordView;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.keys.MasterKeys;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands about a log whose records are encrypted, with its keys and without. */
class EncryptedLogTest {

    @TempDir
    private Path directory;

    private Path root;
    private Path keys;

    @BeforeEach
    void makeKeys() throws IOException {
        root = directory.resolve("log");
        keys = directory.resolve("master.keys");
        Files.writeString(keys, "key-1 " + "0123456789abcdef".repeat(4) + "\n");
        Files.setPosixFilePermissions(keys, PosixFilePermissions.fromString("rw-------"));
    }

    private StreamWal open(int ownSegments) {
        return StreamWal.open(root, WalOptions.builder().storage(Storage.CHANNEL).window(Duration.ofMinutes(10)).retention(Duration.ofHours(1))
                .segmentBytes(1 << 16).clock(() -> CliRun.NOW).sweepInterval(Duration.ZERO).ownSegments(ownSegments)
                .encryption(MasterKeys.file(keys)).build());
    }

    private static WriteEntry entry(int number) {
        return WriteEntry.of(("h" + number).getBytes(UTF_8), ("secret " + number).getBytes(UTF_8), CliRun.NOW.toEpochMilli());
    }

    private List<EntryRef> append(StreamWal wal, String key, int count) {
        List<EntryRef> refs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            refs.add(wal.stream(key).append(entry(i)));
        }
        return refs;
    }

    private List<String> read(String key) {
        List<String> found = new ArrayList<>();
        try (WalReader reader = WalReader.open(root, ReaderOptions.builder().keys(MasterKeys.file(keys)).build()); EntryCursor cursor = reader.scan(key)) {
            while (cursor.next()) {
                found.add(cursor.header().toString(UTF_8) + " " + cursor.content().toString(UTF_8));
            }
        }
        return found;
    }

    private static List<String> numbers(int... numbers) {
        return Arrays.stream(numbers).mapToObj(number -> "h" + number + " secret " + number).toList();
    }

    @Test
    void commandsThatShowContents_needTheKeysAndSayWhich() {
        EntryRef ref;
        try (StreamWal wal = open(64)) {
            ref = append(wal, "cpu", 3).get(1);
        }
        for (List<Object> command : List.<List<Object>>of(List.of("cat", root, "cpu"), List.of("get", root, ref), List.of("latest", root), List.of("tail", root, "cpu"),
                List.of("export", root, "cpu"))) {
            CliRun without = CliRun.of(command.toArray());
            assertThat(without.exit()).as(command.toString()).isNotZero();
            assertThat(without.err()).contains("key-1", "--keys FILE").doesNotContain("corrupt", "damage");
            assertThat(without.out()).doesNotContain("secret");
            List<Object> with = new ArrayList<>(command);
            with.addAll(List.of("--keys", keys));
            CliRun run = CliRun.of(with.toArray());
            assertThat(run.err()).as(command.toString()).isEmpty();
            assertThat(run.exit()).isZero();
            assertThat(run.out()).contains("secret ");
        }
    }

    @Test
    void commandsThatDoNotShowContents_needNoKeys() throws IOException {
        try (StreamWal wal = open(64)) {
            append(wal, "cpu", 3);
        }
        for (List<Object> command : List.<List<Object>>of(List.of("ls", root), List.of("stats", root), List.of("verify", root), List.of("checkpoint", root, directory.resolve("copy")),
                List.of("dump", segments("cpu").get(0)))) {
            CliRun run = CliRun.of(command.toArray());
            assertThat(run.exit()).as(command + run.err()).isZero();
            assertThat(run.out()).doesNotContain("secret");
        }
        root = directory.resolve("copy");
        assertThat(read("cpu")).isEqualTo(numbers(0, 1, 2));
    }

    /** The log can be read by the other one, so that nobody else notices. */
    @Test
    void verify_oneOfTheFilesOfKeysIsDamaged_isAFinding() throws IOException {
        try (StreamWal wal = open(64)) {
            append(wal, "cpu", 3);
        }
        for (String damaged : List.of("keys", "keys.copy")) {
            Path file = root.resolve(damaged);
            byte[] whole = Files.readAllBytes(file);
            byte[] changed = whole.clone();
            changed[20] ^= 1;
            Files.write(file, changed);
            CliRun run = CliRun.of("verify", root);
            assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
            assertThat(run.err()).containsOnlyOnce("file=" + file).contains("checksum");
            Files.write(file, whole);
            assertThat(CliRun.of("verify", root).exit()).isZero();
        }
    }

    @Test
    void rotateKeys_afterwardsTheCurrentKeyIsEnough() throws IOException {
        try (StreamWal wal = open(64)) {
            append(wal, "cpu", 3);
        }
        String current = "key-2 " + "fedcba9876543210".repeat(4) + "\n";
        Files.writeString(keys, current, StandardOpenOption.APPEND);
        CliRun run = CliRun.of("rotate-keys", root, "--keys", keys);
        assertThat(run.err()).isEmpty();
        assertThat(run.exit()).isZero();
        assertThat(run.out()).isEqualTo("the log's keys are under master key key-2\n");
        Files.writeString(keys, current);
        assertThat(read("cpu")).isEqualTo(numbers(0, 1, 2));
        assertThat(CliRun.of("rotate-keys", root, "--keys", keys, "--json").out()).contains("\"masterId\":\"key-2\"");
    }

    @Test
    void rotateKeys_withoutKeysOrWithoutTheFormerOne_changesNothing() throws IOException {
        try (StreamWal wal = open(64)) {
            append(wal, "cpu", 3);
        }
        assertThat(CliRun.of("rotate-keys", root).err()).contains("--keys FILE");
        Path other = directory.resolve("other.keys");
        Files.writeString(other, "key-2 " + "fedcba9876543210".repeat(4) + "\n");
        Files.setPosixFilePermissions(other, PosixFilePermissions.fromString("rw-------"));
        CliRun run = CliRun.of("rotate-keys", root, "--keys", other);
        assertThat(run.exit()).isNotZero();
        assertThat(run.err()).contains("key-1");
        assertThat(read("cpu")).isEqualTo(numbers(0, 1, 2));
    }

    @Test
    void keys_fileThatOthersMayRead_isRefused() throws IOException {
        try (StreamWal wal = open(64)) {
            append(wal, "cpu", 1);
        }
        Files.setPosixFilePermissions(keys, PosixFilePermissions.fromString("rw-r--r--"));
        CliRun run = CliRun.of("cat", root, "cpu", "--keys", keys);
        assertThat(run.exit()).isNotZero();
        assertThat(run.err()).contains("rw-r--r--", "chmod 600");
    }

    @Test
    void changedRecord_isReportedAndTheOthersAreShown() throws IOException {
        EntryRef ref;
        try (StreamWal wal = open(64)) {
            ref = append(wal, "cpu", 3).get(1);
        }
        Path segment = segments("cpu").get(0);
        byte[] bytes = Files.readAllBytes(segment);
        int second = commitWord(bytes, 2);
        // the time, with a checksum that is right: what only the seal tells
        bytes[second + 24] ^= 1;
        fixChecksum(bytes, second);
        Files.write(segment, bytes);
        CliRun run = CliRun.of("cat", root, "cpu", "--keys", keys);
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(run.err()).contains("doesn't decrypt", "position=" + ref.position());
        assertThat(run.out()).contains("secret 0", "secret 2").doesNotContain("secret 1");
        CliRun get = CliRun.of("get", root, ref, "--keys", keys);
        assertThat(get.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(get.err()).contains("doesn't decrypt");
    }

    private static void fixChecksum(byte[] segment, int at) {
        try {
            ByteBuffer in = ByteBuffer.wrap(segment).order(ByteOrder.LITTLE_ENDIAN);
            SegmentHeader header = SegmentHeaderLayout.decode(in, segment.length);
            RecordView view = new RecordView();
            assertThat(view.peek(in, at, segment.length - at, header.positionAt(at))).isEqualTo(RecordView.Verdict.VALID);
            in.putInt(at + RecordLayout.CHECKSUM, view.checksum(header.salt()));
        } catch (FormatException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void export_importedWithKeys_isEncryptedAgain() throws IOException {
        try (StreamWal wal = open(64)) {
            append(wal, "cpu", 4);
        }
        Path file = directory.resolve("cpu.csv");
        Files.write(file, CliRun.of("export", root, "cpu", "--keys", keys).bytes());
        root = directory.resolve("other");
        CliRun run = CliRun.of("import", root, file, "--keys", keys);
        assertThat(run.exit()).as(run.err()).isZero();
        assertThat(read("cpu")).isEqualTo(numbers(0, 1, 2, 3));
        assertThat(CliRun.of("cat", root, "cpu").err()).contains("key-1");
        assertThat(CliRun.of("import", root, file, "--resume", "--keys", keys).err()).isEmpty();
        assertThat(read("cpu")).as("nothing twice").hasSize(4);
        CliRun forgotten = CliRun.of("import", root, file);
        assertThat(forgotten.err()).isEqualTo("stream-wal: the log encrypts its records, and no master keys are given: root=" + root
                + "; give --keys FILE" + System.lineSeparator());
        assertThat(forgotten.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(read("cpu")).as("nothing is imported").hasSize(4);
        CliRun meant = CliRun.of("import", root, file, "--not-encrypted");
        assertThat(meant.exit()).as(meant.err()).isZero();
        assertThat(read("cpu")).hasSize(8);
        assertThat(CliRun.of("latest", root, "cpu").exit()).as("needs no keys").isZero();
    }

    // ---------------------------------------------------------------- the quarantine

    private List<Path> segments(String key) throws IOException {
        try (Stream<Path> files = Files.list(root.resolve("segments").resolve(StreamKey.of(key).directoryName()))) {
            return files.sorted().toList();
        }
    }

    /** Where the {@code n}th frame begins, from 1. */
    private static int commitWord(byte[] segment, int n) {
        String text = new String(segment, ISO_8859_1);
        int at = -1;
        for (int i = 0; i < n; i++) {
            at = text.indexOf("NANORC", at + 1);
        }
        return at;
    }

    /** As recovery does before it cuts a file. */
    private void setAside(Path segment, int from) throws IOException {
        byte[] all = Files.readAllBytes(segment);
        Path quarantine = Files.createDirectories(root.resolve("quarantine"));
        String stream = segment.getParent().getFileName().toString();
        Files.write(quarantine.resolve(stream + "_" + segment.getFileName() + "_" + from + ".aside"), Arrays.copyOfRange(all, from, all.length));
    }

    @Test
    void quarantine_restoresEncryptedRecordsWithKeysOnly() throws IOException {
        List<EntryRef> refs;
        try (StreamWal wal = open(64)) {
            refs = append(wal, "cpu", 6);
        }
        Path segment = segments("cpu").get(0);
        setAside(segment, commitWord(Files.readAllBytes(segment), 3));
        try (StreamWal wal = open(64)) {
            wal.stream("cpu").truncateAfter(refs.get(1));
        }
        assertThat(read("cpu")).isEqualTo(numbers(0, 1));
        CliRun without = CliRun.of("quarantine", root, "--restore", "*", "--append");
        assertThat(without.exit()).isNotZero();
        assertThat(without.err()).contains("key-1", "--keys FILE");
        assertThat(read("cpu")).isEqualTo(numbers(0, 1));
        CliRun run = CliRun.of("quarantine", root, "--restore", "*", "--append", "--keys", keys);
        assertThat(run.err()).isEmpty();
        assertThat(read("cpu")).isEqualTo(numbers(0, 1, 2, 3, 4, 5));
        assertThat(CliRun.of("cat", root, "cpu").err()).contains("key-1");
    }

    @Test
    void quarantine_restoresEncryptedRecordsOfASharedSegmentOnce() throws IOException {
        List<EntryRef> x = new ArrayList<>();
        List<EntryRef> y = new ArrayList<>();
        try (StreamWal wal = open(0)) {
            for (int i = 0; i < 4; i++) {
                x.add(wal.stream("x").append(entry(i)));
                y.add(wal.stream("y").append(entry(i)));
            }
            wal.stream("y").appendBatch(List.of(entry(4), entry(5)));
        }
        Path segment = segments(StreamKey.SHARED.text()).get(0);
        byte[] all = Files.readAllBytes(segment);
        try (StreamWal wal = open(0)) {
            wal.stream("x").truncateAfter(x.get(1));
            wal.stream("y").truncateAfter(y.get(1));
        }
        Files.write(segment, all);
        setAside(segment, commitWord(all, 5));
        Files.write(segment, Arrays.copyOf(all, commitWord(all, 5)));
        assertThat(read("x")).isEqualTo(numbers(0, 1));
        CliRun run = CliRun.of("quarantine", root, "--restore", "*", "--append", "--keys", keys);
        assertThat(run.err()).isEmpty();
        assertThat(read("x")).isEqualTo(numbers(0, 1, 2, 3));
        assertThat(read("y")).isEqualTo(numbers(0, 1, 2, 3, 4, 5));
        try (Stream<Path> files = Files.list(root.resolve("quarantine"))) {
            Path restored = files.filter(file -> file.toString().endsWith(".restored")).findFirst().orElseThrow();
            String name = restored.getFileName().toString();
            Files.copy(restored, restored.resolveSibling(name.substring(0, name.length() - ".restored".length())));
        }
        CliRun again = CliRun.of("quarantine", root, "--restore", "*", "--append", "--keys", keys);
        assertThat(again.lines()).anyMatch(line -> line.startsWith("left out 6 records"));
        assertThat(read("y")).isEqualTo(numbers(0, 1, 2, 3, 4, 5));
    }
}
