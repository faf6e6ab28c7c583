package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of nano-wal, written here by a few lines of their own, become streams. */
class NanoWalImportTest {

    private static final long EXPIRATION = CliRun.NOW.plus(Duration.ofHours(1)).toEpochMilli();
    private static final long LATER = EXPIRATION + Duration.ofMinutes(10).toMillis();

    @TempDir
    private Path directory;

    private Path nano;
    private Path root;

    @BeforeEach
    void write() throws IOException {
        nano = Files.createDirectories(directory.resolve("nano"));
        root = directory.resolve("log");
        file("cpu_a", EXPIRATION, "h", "1", "", "2");
        file("cpu_a", LATER, "", "3");
        file("mem", EXPIRATION, "", "4");
    }

    /** Records by header and content. */
    private void file(String prefix, long expiration, String... records) throws IOException {
        int capacity = 16 + Arrays.stream(records).mapToInt(text -> 16 + text.length()).sum();
        ByteBuffer bytes = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN).put("NANO-LOG".getBytes(UTF_8)).putLong(expiration);
        for (int i = 0; i < records.length; i += 2) {
            bytes.put("NANORC".getBytes(UTF_8)).putShort((short) records[i].length()).putLong(records[i + 1].length())
                    .put(records[i].getBytes(UTF_8)).put(records[i + 1].getBytes(UTF_8));
        }
        Files.write(path(prefix, expiration), Arrays.copyOf(bytes.array(), bytes.position()));
    }

    private Path path(String prefix, long expiration) {
        return nano.resolve(prefix + "_" + expiration + ".seg");
    }

    private List<String> records(String key) {
        return ImportTest.records(root, key);
    }

    /** Otherwise who names a folder of CSV files is told that all is well. */
    @Test
    void directoryWithoutNanoWalFiles_isRefused() throws IOException {
        Path others = Files.createDirectory(directory.resolve("others"));
        Files.writeString(others.resolve("x.csv"), "timestamp,v\n2024-05-01T11:00:00Z,1\n");
        Path target = directory.resolve("new");
        CliRun run = CliRun.of("import", target, others);
        assertThat(run.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(run.err()).isEqualTo("stream-wal: directory has no nano-wal files: file=" + others + "; name the files in it if they are others\n");
        assertThat(target).doesNotExist();
    }

    @Test
    void prefixes_becomeStreams_inOrder_atTheTimeOfTheImport() throws IOException {
        CliRun run = CliRun.of("import", root, nano, "--keep-time");
        assertThat(run.out()).isEqualTo("imported 4 records, 5 B, into 2 streams\n");
        assertThat(run.exit()).isZero();
        assertThat(records("cpu_a")).containsExactly("2024-05-01T12:00:00Z h 1", "2024-05-01T12:00:00Z  2", "2024-05-01T12:00:00Z  3");
        assertThat(records("mem")).containsExactly("2024-05-01T12:00:00Z  4");
    }

    @Test
    void withTheirRetention_recordsGetTheEndOfTheirWindow() throws IOException {
        CliRun run = CliRun.of("import", root, nano, "--format", "nano-wal", "--nano-retention", "70m", "--window", "10m");
        assertThat(run.out()).contains("times from 2024-05-01T11:49:59.999Z to 2024-05-01T11:59:59.999Z");
        assertThat(records("cpu_a")).containsExactly(
                "2024-05-01T11:49:59.999Z h 1", "2024-05-01T11:49:59.999Z  2", "2024-05-01T11:59:59.999Z  3");
        try (WalReader reader = WalReader.open(root)) {
            assertThat(reader.describe("cpu_a").orElseThrow().segments()).as("one for each file").isEqualTo(2);
        }
        assertThat(CliRun.of("import", root, nano, "--nano-retention", "70m", "--resume", "--json").json().get(0))
                .containsEntry("records", 0L).containsEntry("alreadyThere", 4L);
    }

    @Test
    void damage_endsTheImport_orIsLeftOut() throws IOException {
        byte[] bytes = Files.readAllBytes(path("cpu_a", EXPIRATION));
        bytes[16 + 8] = 99; // the first record's length
        Files.write(path("cpu_a", EXPIRATION), bytes);
        CliRun stopped = CliRun.of("import", root, nano, "--dry-run");
        assertThat(stopped.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(stopped.err()).contains("file=" + path("cpu_a", EXPIRATION), "nothing was imported");
        CliRun skipped = CliRun.of("import", root, nano, "--skip-bad", "--json");
        assertThat(skipped.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(skipped.json()).first().asInstanceOf(InstanceOfAssertFactories.map(String.class, Object.class))
                .containsAllEntriesOf(Map.of("records", 2L, "badRows", 1L));
        assertThat(records("cpu_a")).containsExactly("2024-05-01T12:00:00Z  3");
    }

    @Test
    void whatIsNone_isRefused() throws IOException {
        assertThat(CliRun.of("import", root, path("mem", EXPIRATION), "--format", "nano-wal").err()).contains("no such directory of nano-wal files");
        assertThat(CliRun.of("import", root, nano, "--format", "csv").exit()).isEqualTo(Exit.FAILED.code());
        assertThat(CliRun.of("import", root, nano, "--format", "nano_wal", "--dry-run").exit()).isZero();
        assertThat(root).doesNotExist();
    }

    /** Real series: what comes from the CSV files comes from nano-wal files of the same. */
    @Test
    void realSeries_areTheSame_fromCsvAndFromNanoWal() throws IOException {
        String data = System.getProperty("nab.dir", "");
        assumeFalse(data.isEmpty(), "SKIPPED: no NAB data");
        Path csv = Files.createDirectories(directory.resolve("csv"));
        Map<String, List<String>> values = new TreeMap<>();
        try (Stream<Path> files = Files.walk(Path.of(data))) {
            for (Path file : files.filter(path -> path.toString().endsWith(".csv")).toList()) {
                String key = file.getParent().getFileName() + "." + file.getFileName().toString().replace(".csv", "");
                Files.copy(file, csv.resolve(key + ".csv"));
                List<String> ofFile = Files.readAllLines(file).stream().skip(1).map(line -> line.substring(line.indexOf(',') + 1)).toList();
                values.put(key, ofFile);
                file(key, EXPIRATION, ofFile.stream().flatMap(value -> Stream.of("", value)).toArray(String[]::new));
            }
        }
        assertThat(values).hasSize(31);
        Object[] fromCsv = Stream.concat(Stream.of("import", root, "--value-column", "value", "--window", "1d", "--retention", "36500d"),
                values.keySet().stream().map(key -> csv.resolve(key + ".csv"))).toArray();
        assertThat(CliRun.of(fromCsv).exit()).isZero();
        values.forEach((key, expected) -> assertThat(contents(key)).as(key).isEqualTo(expected));
        root = directory.resolve("other");
        assertThat(CliRun.of("import", root, nano).exit()).isZero();
        values.forEach((key, expected) -> assertThat(contents(key)).as(key).isEqualTo(expected));
    }

    private List<String> contents(String key) {
        return records(key).stream().map(record -> record.substring(record.lastIndexOf(' ') + 1)).toList();
    }
}
