package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A log whose segments are in packs, beside its twin, whose aren't: commands tell the same of both. */
class PackedLogCommandsTest {

    private static final Duration[] WINDOWS = {Duration.ofMinutes(75), Duration.ofMinutes(59), Duration.ofMinutes(48), Duration.ofMinutes(5)};
    private static final int IN_PACKS = 3 * (WINDOWS.length - 1);

    @TempDir
    private Path directory;

    private Path plain;
    private Path packed;

    @BeforeEach
    void write() throws IOException {
        plain = Files.createDirectory(directory.resolve("plain"));
        WrittenLog log = new WrittenLog(plain);
        for (String key : List.of("cpu/a", "cpu/b", "mem")) {
            log.append(key, WINDOWS);
        }
        packed = directory.resolve("packed");
        copy(plain, packed);
        assertThat(packAll(plain, 64)).isZero();
        assertThat(packAll(packed, 0)).isEqualTo(IN_PACKS);
        assertThat(files(packed, ".seg")).hasSize(3);
        assertThat(packs()).hasSize(WINDOWS.length - 1);
    }

    /** Either way the newest segments are looked at, and the log is closed. */
    private static int packAll(Path root, int ownSegments) {
        WalOptions options = WalOptions.builder().ownSegments(ownSegments).sweepInterval(Duration.ZERO).clock(() -> CliRun.NOW).build();
        try (StreamWal wal = StreamWal.open(root, options)) {
            var unused = wal.recoverAll(progress -> { });
            return wal.pack();
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path each : (Iterable<Path>) all::iterator) {
                Files.copy(each, to.resolve(from.relativize(each).toString()));
            }
        }
    }

    private List<Path> packs() throws IOException {
        return files(packed, ".pack");
    }

    private static List<Path> files(Path folder, String suffix) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(file -> file.toString().endsWith(suffix)).sorted().toList();
        }
    }

    private static void flip(Path file, long offset) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[(int) offset] ^= 1;
        Files.write(file, bytes);
    }

    private static long find(Path file, String text) throws IOException {
        return new String(Files.readAllBytes(file), ISO_8859_1).indexOf(text);
    }

    /** What is the same but for sizes of files, which a pack has none of. */
    private void assertTellsTheSame(List<String> without, Object... arguments) throws IOException {
        Object[] onPlain = arguments.clone();
        Object[] onPacked = arguments.clone();
        onPlain[1] = plain;
        onPacked[1] = packed;
        CliRun expected = CliRun.of(onPlain);
        CliRun run = CliRun.of(onPacked);
        List<Map<String, Object>> ofPlain = expected.json();
        List<Map<String, Object>> ofPacked = run.json();
        for (List<Map<String, Object>> objects : List.of(ofPlain, ofPacked)) {
            objects.forEach(object -> object.keySet().removeAll(without));
        }
        assertThat(run.err()).isEqualTo(expected.err());
        assertThat(ofPacked).isEqualTo(ofPlain).isNotEmpty();
        assertThat(run.exit()).isEqualTo(expected.exit()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ls", "stats", "cat", "verify", "export", "latest"})
    void reading_tellsTheSame(String command) throws IOException {
        List<String> sizes = List.of("bytes", "fileBytes", "sealedFill");
        assertTellsTheSame(sizes, command, "", "--json");
        assertTellsTheSame(sizes, command, "", "cpu/a", "m*", "--json");
    }

    /** Of one stream there is no size of files, because it has only parts of them. */
    @Test
    void stats_ofAllStreams_tellsWhatTheFilesTake() throws IOException {
        long bytes = 0;
        for (String folder : List.of("segments", "packs")) {
            for (Path file : files(packed.resolve(folder), "")) {
                bytes += Files.isRegularFile(file) ? Files.size(file) : 0;
            }
        }
        assertThat(CliRun.of("stats", packed, "--json").json().get(0)).containsEntry("fileBytes", bytes);
        assertThat(CliRun.of("stats", packed).out()).contains("\nfiles  ");
        assertThat(CliRun.of("stats", packed, "cpu/a", "--json").json().get(0)).doesNotContainKey("fileBytes");
        assertThat(CliRun.of("stats", packed, "cpu/a").out()).doesNotContain("files");
    }

    @Test
    void sweepAndPurge_dryRun_tellTheSame() throws IOException {
        List<String> files = List.of("file", "bytes", "heldBytes");
        assertTellsTheSame(files, "sweep", "", "--dry-run", "--json");
        assertTellsTheSame(files, "sweep", "", "--dry-run", "--now", "+10m", "--json");
        assertTellsTheSame(files, "purge", "", "cpu/*", "--before", "-30m", "--dry-run", "--json");
    }

    @Test
    void sweepAndPurge_doTheSame() throws IOException {
        assertTellsTheSame(List.of("file", "bytes", "heldBytes"), "sweep", "", "--json");
        assertThat(packs()).hasSize(WINDOWS.length - 2);
        assertTellsTheSame(List.of("bytes"), "purge", "", "cpu/a", "--before", "-30m", "--json");
        reading_tellsTheSame("cat");
    }

    @Test
    void rehearsal_findsNothingAndChangesNothing() throws IOException {
        Map<String, String> before = new WrittenLog(packed).files();
        CliRun run = CliRun.of("recover", packed, "--dry-run", "--json");
        assertThat(run.exit()).as(run.err()).isZero();
        assertThat(new WrittenLog(packed).files()).isEqualTo(before);
        assertThat(run.json()).isEqualTo(CliRun.of("recover", plain, "--dry-run", "--json").json());
    }

    @Test
    void dump_pack_showsItsSegments() throws IOException {
        CliRun run = CliRun.of("dump", packs().get(0), "--brief");
        assertThat(run.exit()).isZero();
        assertThat(run.lines()).filteredOn(line -> line.startsWith("segment, key=")).hasSize(3);
        assertThat(run.lines()).filteredOn(line -> line.contains("  record, ")).hasSize(3);
        CliRun one = CliRun.of("dump", packs().get(0), "--json", "--key", "mem");
        assertThat(one.json()).extracting(part -> part.get("part")).containsExactly("pack", "segment", "header", "record");
        CliRun none = CliRun.of("dump", packs().get(0), "--key", "men");
        assertThat(none.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(none.err()).startsWith("stream-wal: no segment of this stream in the pack: key=men, file=");
        CliRun bytes = CliRun.of("dump", packs().get(0));
        assertThat(bytes.out()).contains("record of PT1H15M");
    }

    @Test
    void damagedRecord_isFoundByVerifyAndDump() throws IOException {
        Path pack = packs().get(1);
        flip(pack, find(pack, "record of PT59M"));
        CliRun verify = CliRun.of("verify", packed);
        assertThat(verify.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(verify.lines().get(0)).startsWith("cpu/a: ").contains(pack.toString());
        assertThat(CliRun.of("dump", pack, "--brief").exit()).isEqualTo(Exit.FINDINGS.code());
    }

    /** Nobody knows which streams were in it: so who asks for all is told, and not who asks for one that is whole. */
    @Test
    void damagedTable_whoAsksForAllIsTold() throws IOException {
        Path pack = packs().get(0);
        long table = Files.size(pack) - 200;
        flip(pack, table);
        for (String command : List.of("ls", "cat", "verify", "export")) {
            CliRun run = CliRun.of(command, packed);
            assertThat(run.exit()).as(command).isNotZero();
            assertThat(run.err()).as(command).contains(pack.toString());
        }
        assertThat(CliRun.of("dump", pack, "--brief").exit()).isEqualTo(Exit.FINDINGS.code());
    }

    /** What was cut off in the middle stands in the quarantine; its segment, by whose header it verifies, is in a pack. */
    @Test
    void restore_partOfASegmentThatIsInAPackNow_isAppended() throws IOException {
        Path quarantine = Files.createDirectories(packed.resolve("quarantine"));
        Path segment = files(plain, ".seg").stream().filter(file -> file.getParent().endsWith("mem")).sorted().toList().get(1);
        byte[] bytes = Files.readAllBytes(segment);
        int frame = (int) find(segment, "record of") - 32;
        String name = "mem_" + segment.getFileName() + "_" + frame + ".aside";
        Files.write(quarantine.resolve(name), Arrays.copyOfRange(bytes, frame, bytes.length));
        CliRun run = CliRun.of("quarantine", packed, "--restore", name);
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).endsWith("left out 1 record, there already\n");
    }
}
