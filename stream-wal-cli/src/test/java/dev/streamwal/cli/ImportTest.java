package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.streamwal.StreamWal;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImportTest {

    private static final String CSV = "timestamp,host,cpu\n2024-05-01T11:00:00Z,a,1\n2024-05-01 11:00:00.5004,b,2\n2024-05-01T11:00:01Z,a,3\n";

    @TempDir
    private Path directory;

    private Path root;

    @BeforeEach
    void root() {
        root = directory.resolve("log");
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }

    private List<String> records(String key) {
        return records(root, key);
    }

    /** As {@code time header content}. */
    static List<String> records(Path root, String key) {
        List<String> records = new ArrayList<>();
        try (WalReader reader = WalReader.open(root); EntryCursor cursor = reader.scan(key)) {
            while (cursor.next()) {
                records.add(Instant.ofEpochMilli(cursor.timestampMillis()) + " " + cursor.header().toString(UTF_8) + " "
                        + cursor.content().toString(UTF_8));
            }
        }
        return records;
    }

    @Test
    void csv_fileThatCannotBe_saysWhereAndWhatToDo() throws IOException {
        CliRun quote = CliRun.of("import", root, file("quote.csv", "timestamp,v\n2024-05-01T11:00:00Z,\"1\n"));
        assertThat(quote.err()).contains("not CSV from this line on", "line=2");
        CliRun column = CliRun.of("import", root, file("column.csv", CSV), "--key-column", "nothing");
        assertThat(column.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(column.err()).contains("no such column in the first row: missing=nothing").contains("name the columns that it has")
                .doesNotContain("--skip-bad");
        CliRun empty = CliRun.of("import", root, file("empty.csv", ""), "--key-column", "k");
        assertThat(empty.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(empty.err()).contains("file is empty, and has no first row");
    }

    @Test
    void csv_keyColumn_aStreamEach() throws IOException {
        CliRun run = CliRun.of("import", root, file("x.csv", CSV), "--key-column", "host");
        assertThat(run.out()).isEqualTo("""
                imported 3 records, 3 B, into 2 streams
                times from 2024-05-01T11:00:00.000Z to 2024-05-01T11:00:01.000Z
                cut 1 time to milliseconds
                """);
        assertThat(run.exit()).isZero();
        assertThat(records("a")).containsExactly("2024-05-01T11:00:00Z  1", "2024-05-01T11:00:01Z  3");
        assertThat(records("b")).containsExactly("2024-05-01T11:00:00.500Z  2");
    }

    @Test
    void csv_fileNameAsKey_jsonContent_timesKept() throws IOException {
        CliRun run = CliRun.of("import", root, file("x.csv", CSV), "--content", "json", "--keep-time", "--json");
        assertThat(run.json()).containsExactly(Map.ofEntries(
                Map.entry("dryRun", false), Map.entry("records", 3L), Map.entry("streams", 1L), Map.entry("bytes", 130L),
                Map.entry("fromMillis", 1714561200000L), Map.entry("from", "2024-05-01T11:00:00.000Z"),
                Map.entry("toMillis", 1714561201000L), Map.entry("to", "2024-05-01T11:00:01.000Z"),
                Map.entry("badRows", 0L), Map.entry("alreadyThere", 0L), Map.entry("timesCut", 1L), Map.entry("doubtfulTimes", 0L)));
        assertThat(records("x").get(1)).isEqualTo("2024-05-01T11:00:00.500Z 2024-05-01 11:00:00.5004 {\"host\":\"b\",\"cpu\":\"2\"}");
    }

    @Test
    void influx_aStreamASeries() throws IOException {
        Path file = file("x.lp", "# made by hand\ncpu,host=b,dc=eu\\ 1 idle=1 1714561200000000001\ncpu,dc=eu\\ 1,host=b idle=2\n");
        CliRun run = CliRun.of("import", root, file);
        assertThat(run.out()).startsWith("imported 2 records, 12 B, into 1 stream\n").endsWith("cut 1 time to milliseconds\n");
        assertThat(records("cpu,dc=eu\\ 1,host=b")).containsExactly("2024-05-01T11:00:00Z  idle=1", "2024-05-01T12:00:00Z  idle=2");
        assertThat(CliRun.of("import", root, file("y.txt", "m f=1 1714561200"), "--format", "influx", "--precision", "s", "--content", "json")
                .exit()).isZero();
        assertThat(records("m")).containsExactly("2024-05-01T11:00:00Z  {\"f\":1}");
    }

    /** As the shell gives for {@code <(zcat rows.csv.gz)}. */
    @Test
    void pipe_isReadOnce() throws Exception {
        Path pipe = directory.resolve("rows.csv");
        assumeThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
        Thread writer = new Thread(() -> write(pipe, CSV), "write rows");
        writer.start();
        CliRun run = CliRun.of("import", root, pipe, "--key", "k");
        writer.join();
        assertThat(run.err()).isEmpty();
        assertThat(records("k")).hasSize(3);
        assertThat(CliRun.of("import", root, pipe, "--key", "k", "--resume").err()).contains("--resume reads the files twice").contains("file=" + pipe);
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void fileThatIsNone_isRefused() throws IOException {
        assertThat(CliRun.of("import", root, directory.resolve("none.csv")).err()).contains("no such file: file=");
        assertThat(CliRun.of("import", root, Files.createDirectory(directory.resolve("folder")), "--format", "csv").err()).contains("directory in place of a file");
        assertThat(CliRun.of("import", root, file("x.csv", CSV), "--format", "nano-wal").err()).contains("no such directory of nano-wal files");
        assertThat(root).doesNotExist();
    }

    @Test
    void badRow_endsTheImport_orIsLeftOut() throws IOException {
        Path file = file("x.csv", CSV + "noon,a,4\n2024-04-01T00:00:00Z,a,5\n2024-05-01T11:00:02Z,a,6\n");
        CliRun stopped = CliRun.of("import", root, file, "--key", "k");
        assertThat(stopped.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(stopped.err()).startsWith("stream-wal: invalid time: ").contains("file=" + file + ", line=5; nothing was imported"
                + "; --time-format says how times are written, for line protocol --precision; --skip-bad leaves bad rows out");
        assertThat(root).doesNotExist();
        CliRun old = CliRun.of("import", root, file("old.csv", CSV + "2014-04-01T00:00:00Z,a,5\n"), "--key", "k");
        assertThat(old.err()).contains("window has expired").endsWith("; a longer --retention takes older rows; --skip-bad leaves bad rows out\n");

        assertThat(CliRun.of("import", root, file("y.csv", CSV), "--key", "k").exit()).isZero();
        CliRun skipped = CliRun.of("import", root, file, "--key", "k", "--skip-bad", "--resume");
        assertThat(skipped.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(skipped.out()).isEqualTo("""
                imported 1 record, 3 B, into 1 stream
                times from 2024-05-01T11:00:02.000Z to 2024-05-01T11:00:02.000Z
                left out 3 rows, there already
                left out 2 bad rows
                """);
        assertThat(skipped.err()).contains("bad row: invalid time", "bad row: row is refused, file=", "line=6: record's window has expired");
        assertThat(records("k")).hasSize(4);
    }

    @Test
    void oneByteThatIsNoUtf8_costsOneRow() throws IOException {
        StringBuilder rows = new StringBuilder("timestamp,v\n");
        for (int i = 0; i < 2_000; i++) {
            rows.append("2024-05-01T11:00:00Z,").append(i == 1_000 ? "gr\u00fcn" : i).append('\n');
        }
        Path file = Files.write(directory.resolve("x.csv"), rows.toString().getBytes(ISO_8859_1));
        CliRun run = CliRun.of("import", root, file, "--skip-bad");
        assertThat(run.out()).startsWith("imported 1,999 records").endsWith("left out 1 bad row\n");
        assertThat(run.err()).contains("byte=0xfc").contains("line=1002");
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(records("x")).hasSize(1_999);
    }

    /** Half a pair of surrogates is no character, and was imported as a question mark. */
    @Test
    void json_halfAPairOfSurrogates_isABadRow() throws IOException {
        String time = "{\"timestamp\":\"2024-05-01T11:00:00Z\",\"v\":\"";
        Path values = file("v.jsonl", time + "x\\ud800y\"}\n" + time + "\\udc00\"}\n" + time + "\\ud83d\\ude00?\"}\n");
        CliRun run = CliRun.of("import", root, values, "--skip-bad", "--value-column", "v");
        assertThat(run.err()).contains("string has a lone surrogate: member=v, file=" + values + ", line=1", "line=2");
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(records("v")).containsExactly("2024-05-01T11:00:00Z  \ud83d\ude00?");

        String exported = "{\"ref\":\"e@0+40\",\"key\":\"e\",\"timestampMillis\":1714561200000,";
        Path copy = file("e.jsonl", exported + "\"content\":\"\\ud800\"}\n" + exported + "\"header\":\"\\ud800\",\"content\":\"\"}\n"
                + exported + "\"content\":\"ok\"}\n");
        assertThat(CliRun.of("import", root, copy, "--skip-bad").err()).contains("member=content, file=" + copy + ", line=1", "member=header");
        assertThat(records("e")).containsExactly("2024-05-01T11:00:00Z  ok");
    }

    /** A bad sector fails like that. */
    @Test
    void fileThatCantBeRead_isNamed() throws IOException {
        Path unreadable = Path.of("/proc/self/mem");
        assumeThat(unreadable).isReadable();
        for (String format : List.of("csv", "lines")) {
            CliRun run = CliRun.of("import", root, file("x.csv", CSV), unreadable, "--format", format, "--key", "k");
            assertThat(run.err()).startsWith("stream-wal: file can't be read: IOException: ").endsWith(", file=/proc/self/mem; nothing was imported"
                    + System.lineSeparator());
            assertThat(run.exit()).isEqualTo(Exit.FAILED.code());
            assertThat(root).doesNotExist();
        }
    }

    /** To leave out that row would leave out all of the file. */
    @Test
    void firstRowThatIsNoUtf8_isToBeCorrected() throws IOException {
        Path file = Files.write(directory.resolve("x.csv"), "timestamp,gr\u00fcn\n2024-05-01T11:00:00Z,1\n".getBytes(ISO_8859_1));
        assertThat(CliRun.of("import", root, file).err()).contains("byte=0xfc, column=2", "; nothing was imported; correct the file")
                .doesNotContain("--skip-bad");
    }

    @Test
    void localTimesOfTwoInstantsOrNone_areBad_orChosen() throws IOException {
        Path file = file("x.csv", "timestamp,v\n2023-10-29 01:59,1\n2023-10-29 02:30,2\n2023-10-29 03:00,3\n2024-03-31 02:30,4\n");
        String[] zone = {"--zone", "Europe/Berlin", "--retention", "3650d", "--key"};
        CliRun strict = CliRun.of("import", root, file, "--skip-bad", zone[0], zone[1], zone[2], zone[3], zone[4], "strict");
        assertThat(strict.out()).startsWith("imported 2 records").endsWith("left out 2 bad rows\n");
        assertThat(strict.err()).contains("put back, so that there are two", "line=3", "put forward, so that there is none", "line=5");
        CliRun early = CliRun.of("import", root, file, "--doubtful-time", "earlier", zone[0], zone[1], zone[2], zone[3], zone[4], "early");
        assertThat(early.out()).endsWith("chose an instant for 2 local times with two, or none\n");
        assertThat(early.exit()).isZero();
        assertThat(records("early")).contains("2023-10-29T00:30:00Z  2", "2024-03-31T00:30:00Z  4");
        CliRun.of("import", root, file, "--doubtful-time", "later", zone[0], zone[1], zone[2], zone[3], zone[4], "late");
        assertThat(records("late")).contains("2023-10-29T01:30:00Z  2", "2024-03-31T01:30:00Z  4");
    }

    @Test
    void olderThanTheRetention_withALongerOne_isTaken() throws IOException {
        Path file = file("x.csv", "timestamp,v\n2014-02-14 14:30:00,1\n");
        Files.createDirectories(root);
        assertThat(CliRun.of("import", root, file).exit()).isEqualTo(Exit.FAILED.code());
        assertThat(root).isEmptyDirectory();
        assertThat(CliRun.of("import", root, file, "--retention", "36500d", "--window", "1d", "--segment-bytes", "65536").exit()).isZero();
        assertThat(records("x")).containsExactly("2014-02-14T14:30:00Z  1");
        try (LogSegments segments = LogSegments.of(root)) {
            assertThat(segments.of("x")).singleElement().extracting(segment -> segment.name().expirationMillis())
                    .isEqualTo(Instant.parse("2014-02-15T00:00:00Z").toEpochMilli() + 36_500 * 86_400_000L);
        }
    }

    /** A year of a series has thousands of windows. */
    @Test
    void manyWindows_makeFewFiles() throws IOException {
        int windows = 2_000;
        StringBuilder csv = new StringBuilder("timestamp,key,v\n");
        for (int i = 0; i < windows; i++) {
            Instant time = CliRun.NOW.minusSeconds(60L * (windows - i));
            csv.append(time).append(",a,").append(i).append('\n').append(time).append(",b,").append(i).append('\n');
        }
        Path file = file("x.csv", csv.toString());
        assertThat(CliRun.of("import", root, file, "--key-column", "key", "--window", "1m", "--segment-bytes", "65536").exit()).isZero();
        assertThat(records("a")).hasSize(windows);
        assertThat(records("b")).hasSize(windows);
        // full segments are packed; one isn't full
        try (Stream<Path> files = Files.walk(root)) {
            assertThat(files.filter(Files::isRegularFile)).hasSizeLessThan(20).anyMatch(each -> each.toString().endsWith(".pack"))
                    .filteredOn(each -> each.toString().endsWith(".seg")).hasSize(1);
        }
    }

    @Test
    void dryRun_findsWhatTheImportFinds_andWritesNothing() throws IOException {
        Path file = file("x.csv", CSV + "2099-05-01T11:00:02Z,a,6\n");
        CliRun dry = CliRun.of("import", root, file, "--dry-run", "--skip-bad");
        assertThat(root).doesNotExist();
        CliRun real = CliRun.of("import", root, file, "--skip-bad");
        assertThat(dry.out()).isEqualTo(real.out().replace("imported", "would import"));
        assertThat(dry.err()).isEqualTo(real.err());
        assertThat(dry.exit()).isEqualTo(real.exit());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void resume_appendsWhatIsMissing_whateverIsThere(int before) throws IOException {
        Path all = file("x.csv", CSV);
        if (before > 0) {
            Path part = file("y.csv", String.join("\n", CSV.lines().limit(before + 1).toList()) + "\n");
            assertThat(CliRun.of("import", root, part, "--key-column", "host").exit()).isZero();
        }
        CliRun run = CliRun.of("import", root, all, "--key-column", "host", "--resume", "--json");
        assertThat(run.json().get(0)).containsEntry("records", 3L - before).containsEntry("alreadyThere", (long) before);
        assertThat(records("a")).hasSize(2);
        assertThat(records("b")).hasSize(1);
    }

    @Test
    void failedImport_leavesTheLogsRecordsAsTheyWere() throws IOException {
        assertThat(CliRun.of("import", root, file("x.csv", CSV), "--key-column", "host").exit()).isZero();
        Path more = file("y.csv", "timestamp,host,v\n2024-05-01T11:30:00Z,a,7\n2024-05-01T11:30:00Z,new,8\nnoon,a,9\n");
        CliRun failed = CliRun.of("import", root, more, "--key-column", "host", "--value-column", "v");
        assertThat(failed.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(failed.err()).contains("line=4; nothing was imported");
        assertThat(CliRun.of("ls", root).lines()).hasSize(3).noneMatch(line -> line.startsWith("new"));
        assertThat(records("a")).containsExactly("2024-05-01T11:00:00Z  1", "2024-05-01T11:00:01Z  3");
        assertThat(CliRun.of("import", root, more, "--key-column", "host", "--value-column", "v", "--skip-bad").exit())
                .isEqualTo(Exit.FINDINGS.code());
        assertThat(records("a")).hasSize(3).last().isEqualTo("2024-05-01T11:30:00Z  7");
    }

    /** A folder of something else, in which a log would be made. */
    @Test
    void failedImport_takesNothingOfOthers() throws IOException {
        Path notes = Files.writeString(Files.createDirectories(root).resolve("notes"), "mine");
        assertThat(CliRun.of("import", root, file("x.csv", "timestamp,v\n2024-05-01T11:00:00Z,1\nnoon,2\n")).exit()).isEqualTo(Exit.FAILED.code());
        assertThat(notes).hasContent("mine");
        assertThat(root).isDirectoryNotContaining(file -> !file.equals(notes));
    }

    @Test
    void standardInput_anyFormatOfText() throws IOException {
        assertThat(CliRun.reading(CSV, "import", root, "-", "--format", "csv", "--key", "k").out()).startsWith("imported 3 records");
        assertThat(records("k")).hasSize(3);
        assertThat(CliRun.reading("m f=1 1714561200000000000\n", "import", root, "-", "--format", "influx").exit()).isZero();
        assertThat(records("m")).containsExactly("2024-05-01T11:00:00Z  f=1");
        assertThat(CliRun.reading(CSV, "import", root, "-", "--format", "csv").err())
                .contains("row without a key, file=-, line=2; --key gives all rows one");
        assertThat(CliRun.reading(CSV, "import", root, "-").err()).contains("give --format");
        assertThat(CliRun.reading(CSV, "import", root, "-", "--format", "csv", "--key", "k", "--resume").exit()).isEqualTo(Exit.USAGE.code());
        assertThat(CliRun.reading(CSV, "import", root, "-", "--format", "nano-wal").exit()).isEqualTo(Exit.FAILED.code());
    }

    @Test
    void lines_aRecordEach_withTheTimeOfTheImport_orTheirOwn() throws IOException {
        String text = "2024-05-01 11:00:00 started\n  at Main.java:7\n\n2024-05-01T11:00:01.5Z ended\n";
        assertThat(CliRun.of("import", root, file("app.log", text), "--line-time").exit()).isZero();
        assertThat(records("app")).containsExactly("2024-05-01T11:00:00Z  2024-05-01 11:00:00 started", "2024-05-01T11:00:00Z    at Main.java:7",
                "2024-05-01T11:00:00Z  ", "2024-05-01T11:00:01.500Z  2024-05-01T11:00:01.5Z ended");
        assertThat(CliRun.reading("a\r\nb", "import", root, "-", "--format", "lines", "--key", "k").exit()).isZero();
        assertThat(records("k")).containsExactly("2024-05-01T12:00:00Z  a", "2024-05-01T12:00:00Z  b");
        String dated = "01.05.2024 11:00 x\n";
        assertThat(CliRun.reading(dated, "import", root, "-", "--format", "lines", "--key", "d", "--line-time", "--time-format", "dd.MM.yyyy HH:mm")
                .exit()).isZero();
        assertThat(records("d")).containsExactly("2024-05-01T11:00:00Z  01.05.2024 11:00 x");
    }

    /** Each form that programs write: an instant, or a bad row, and never midnight, as the date alone would be. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "2024-05-01 10:00:00,123 x | 10:00:00.123", "2024-05-01 10:00:01: x | 10:00:01", "2024-05-01 10:00:02+02 x | 08:00:02",
        "[2024-05-01 10:00:03] x | 10:00:03", "2024-05-01T10:00:04+0000 x | 10:00:04", "[2024-05-01T10:00:05Z INFO main] x | 10:00:05",
        "2024-05-01 10:00:06 +0200 x | 08:00:06", "[2024-05-01 10:00:07,5][INFO] x | 10:00:07.500", "2024-05-01 10:00:08 12:30 x | 10:00:08",
        "2024-05-01 10:00:09 -5 degrees | 10:00:09", "2024-05-01 | 00:00", "2024-05-01 [x] 10:00 | 00:00",
        "2024-05-01 9:00:00 x | bad", "2024-05-01 10:00:00,x | bad", "2024-05-01: 10:00:00x | bad"
    })
    void lineTimes_ofAllForms(String line, String expected) {
        CliRun run = CliRun.reading(line + "\n", "import", root, "-", "--format", "lines", "--key", "k", "--line-time");
        if (expected.equals("bad")) {
            assertThat(run.err()).contains("time of day is not one of the format: line=" + line).contains("line=1");
            assertThat(run.exit()).isEqualTo(Exit.FAILED.code());
        } else {
            assertThat(run.err()).isEmpty();
            assertThat(records("k")).containsExactly(Instant.parse("2024-05-01T" + expected + (expected.length() < 6 ? ":00Z" : "Z")) + "  " + line);
        }
    }

    @Test
    void linesWithoutATime_areCounted() {
        String text = "begin\n2024-05-01 11:00:00 x\n  at y\n  at z\n";
        CliRun run = CliRun.reading(text, "import", root, "-", "--format", "lines", "--key", "k", "--line-time");
        assertThat(run.err()).isEqualTo("stream-wal: no time at the beginning of 3 lines: it is that of the line before, or, where there is none, that of"
                + " the import" + System.lineSeparator());
        assertThat(run.exit()).isZero();
        assertThat(CliRun.reading(text, "import", root, "-", "--format", "lines", "--key", "k").err()).isEmpty();
    }

    @Test
    void jsonLines_membersAreColumns() throws IOException {
        String rows = """
                {"timestamp":"2024-05-01T11:00:00Z","host":"a","v":{"x":[1, 2]}}

                {"v":21.50, "timestamp":"2024-05-01T11:00:01Z","host":"a"}
                """;
        assertThat(CliRun.of("import", root, file("x.jsonl", rows), "--key-column", "host", "--value-column", "v").exit()).isZero();
        assertThat(records("a")).containsExactly("2024-05-01T11:00:00Z  {\"x\":[1, 2]}", "2024-05-01T11:00:01Z  21.50");
        assertThat(CliRun.of("import", root, file("y.ndjson", rows)).exit()).isZero();
        assertThat(records("y")).last().isEqualTo("2024-05-01T11:00:01Z  {\"v\":21.50, \"timestamp\":\"2024-05-01T11:00:01Z\",\"host\":\"a\"}");
        assertThat(CliRun.reading("{\"t\":1714561200,\"n\":7}", "import", root, "-", "--format", "json", "--key-column", "n", "--time-column", "t",
                "--time-format", "s").exit()).isZero();
        assertThat(records("7")).containsExactly("2024-05-01T11:00:00Z  {\"t\":1714561200,\"n\":7}");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "[1]", "7", "{\"timestamp\":", "{\"timestamp\":\"2024-05-01\"} {}", "{\"timestamp\":1,\"timestamp\":2}", "{\"time\":1}",
        "{\"timestamp\":\"noon\"}", "{\"ref\":\"\",\"timestampMillis\":1714561200000,\"key\":null,\"content\":\"\"}", "{\"ref\":\"\",\"timestampMillis\":1,\"key\":\"k\",\"contentBase64\":\"?\"}",
        "{\"ref\":\"\",\"timestampMillis\":1714561200000,\"key\":\"k\"}"
    })
    void jsonLines_badOnes_areToldAndLeftOut(String bad) {
        String good = "{\"timestamp\":\"2024-05-01T11:00:00Z\"}";
        CliRun run = CliRun.reading(bad + "\n" + good + "\n", "import", root, "-", "--format", "json", "--key", "k", "--skip-bad");
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(run.err()).contains("bad row: ", "line=1").hasLineCount(1);
        assertThat(records("k")).containsExactly("2024-05-01T11:00:00Z  " + good);
    }

    @Test
    void badKeys_areBadRows_alsoWithResume() throws IOException {
        assertThat(CliRun.of("import", root, file("y.csv", "timestamp,k,v\n2024-05-01,a,1\n"), "--key-column", "k").exit()).isZero();
        Path file = file("x.csv", "timestamp,k,v\n2024-05-01,,1\n2024-05-01," + "k".repeat(2_000) + ",1\n2024-05-01,a,1\n2024-05-01,a,2\n");
        CliRun run = CliRun.of("import", root, file, "--key-column", "k", "--skip-bad", "--resume");
        assertThat(run.out()).contains("imported 1 record", "left out 1 row, there already", "left out 2 bad rows");
        assertThat(run.err()).contains("line=2", "line=3").hasLineCount(2);
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        CliRun nulls = CliRun.reading("{\"timestamp\":\"2024-05-01\",\"k\":null}\n{\"timestamp\":\"2024-05-01\",\"k\":\"null\"}\n", "import", root, "-",
                "--format", "json", "--key-column", "k", "--skip-bad");
        assertThat(nulls.err()).contains("key is null: member=k").contains("line=1").hasLineCount(1);
        assertThat(records("null")).hasSize(1);
    }

    @Test
    void again_withoutResume_appendsAgain() throws IOException {
        Path file = file("x.csv", CSV);
        CliRun.of("import", root, file);
        CliRun.of("import", root, file);
        assertThat(records("x")).hasSize(6);
    }

    @Test
    void lockedLog_failsAtOnce() throws IOException {
        Path file = file("x.csv", CSV);
        try (StreamWal wal = StreamWal.open(root)) {
            CliRun run = CliRun.of("import", root, file);
            assertThat(run.exit()).isEqualTo(Exit.LOCKED.code());
            assertThat(run.err()).startsWith("stream-wal: log is open for writing in this process: root=");
            assertThat(wal.keys()).isEmpty();
        }
    }

    @Test
    void nonsense_isRefused_andNothingIsMade() throws IOException {
        Path file = file("x.csv", CSV);
        assertThat(CliRun.of("import", root, file("x.txt", CSV)).err()).contains("give --format");
        assertThat(CliRun.of("import", root).exit()).isEqualTo(Exit.USAGE.code());
        assertThat(CliRun.of("import", root, file, "--key", "a", "--key-column", "host").err())
                .startsWith("stream-wal: give --key or --key-column, not both: key=a, column=host");
        for (String separator : new String[] {"", ";;"}) {
            CliRun run = CliRun.of("import", root, file, "--separator", separator);
            assertThat(run.err()).startsWith("stream-wal: --separator is not a single character: separator='" + separator + "'");
            assertThat(run.exit()).isEqualTo(Exit.USAGE.code());
        }
        assertThat(CliRun.of("import", root, file, "--window", "soon").exit()).isEqualTo(Exit.USAGE.code());
        assertThat(CliRun.of("import", root, file, "--zone", "Nowhere").exit()).isEqualTo(Exit.USAGE.code());
        CliRun format = CliRun.of("import", root, file, "--time-format", "epoch-ms");
        assertThat(format.exit()).isEqualTo(Exit.USAGE.code());
        assertThat(format.err()).startsWith("stream-wal: neither a known format of times nor a pattern: format=epoch-ms, because: ")
                .contains("; give iso (", ", s, ms, us or ns");
        assertThat(CliRun.of("import", root, file, directory.resolve("none.csv")).exit()).isEqualTo(Exit.FAILED.code());
        assertThat(root).doesNotExist();
    }
}
