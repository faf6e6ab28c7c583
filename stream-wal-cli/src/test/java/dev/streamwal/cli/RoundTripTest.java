package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code export} writes, {@code import} reads, so that it is exported again byte by byte. */
class RoundTripTest {

    private static final long NOON = CliRun.NOW.toEpochMilli();

    @TempDir
    private Path directory;

    private Path log() {
        Path root = directory.resolve("log");
        WalOptions options = WalOptions.builder().window(Duration.ofHours(1)).clock(() -> CliRun.NOW).build();
        byte[] nothing = {};
        byte[] bytes = new byte[256];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) i;
        }
        try (StreamWal wal = StreamWal.open(root, options)) {
            long time = NOON - Duration.ofHours(3).toMillis();
            for (String key : new String[] {"plain", "a,\"b\"\nc", "\u001b[2J", "=cmd()", "{\"k\":1}", "\ufeffmarked"}) {
                for (byte[] content : new byte[][] {
                    nothing, bytes, "text".getBytes(UTF_8), "a,b\r\n\"c\"\n".getBytes(UTF_8), "\ufeff \t'".getBytes(UTF_8), "{\"a\":1}".getBytes(UTF_8),
                    "\u00fc\ud83d\ude00\u0000".getBytes(UTF_8)}) {
                    assertThat(wal.stream(key).append(time, content)).isNotNull();
                    assertThat(wal.stream(key).append(time, "unit=W".getBytes(UTF_8), content)).isNotNull();
                    assertThat(wal.stream(key).append(time, bytes, content)).isNotNull();
                    time += 1_234_567;
                }
                time = NOON - Duration.ofHours(3).toMillis();
            }
        }
        return root;
    }

    private byte[] exported(Path root, String format) {
        CliRun run = CliRun.of("export", root, format);
        assertThat(run.exit()).as(run.err()).isZero();
        return run.bytes();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--json", "--quiet"})
    void export_imported_isExportedTheSame(String format) throws IOException {
        byte[] first = exported(log(), format);
        Path file = Files.write(directory.resolve(format.equals("--json") ? "all.jsonl" : "all.csv"), first);
        Path copy = directory.resolve("copy");
        CliRun run = CliRun.of("import", copy, file, "--window", "1h");
        assertThat(run.exit()).as(run.err()).isZero();
        assertThat(exported(copy, format)).isEqualTo(first);
    }

    /** In Base64 it is longer than what parsers take if they aren't told. */
    @ParameterizedTest
    @ValueSource(strings = {"--json", "--quiet"})
    void theLargestRecord_exported_isImported(String format) throws IOException {
        byte[] content = new byte[WalOptions.builder().build().maxRecordBytes()];
        Arrays.fill(content, (byte) 0xFE);
        Path root = directory.resolve("large");
        try (StreamWal wal = StreamWal.open(root, WalOptions.builder().clock(() -> CliRun.NOW).build())) {
            assertThat(wal.stream("k").append(NOON, content)).isNotNull();
        }
        Path file = Files.write(directory.resolve(format.equals("--json") ? "large.jsonl" : "large.csv"), exported(root, format));
        Path copy = directory.resolve("copy");
        CliRun run = CliRun.of("import", copy, file);
        assertThat(run.exit()).as(run.err()).isZero();
        assertThat(exported(copy, format)).isEqualTo(Files.readAllBytes(file));
    }

    @Test
    void lineProtocol_imported_isExportedTheSame() {
        String points = """
                cpu,dc=eu\\ 1,host=b idle=1 1714561200000000000
                cpu,dc=eu\\ 1,host=b idle=2i,state="a b" 1714561201000000000
                m\\,x f=t 1714561200000000000
                """;
        Path root = directory.resolve("points");
        assertThat(CliRun.reading(points, "import", root, "-", "--format", "influx").exit()).isZero();
        CliRun run = CliRun.of("export", root, "--format", "influx");
        assertThat(run.exit()).as(run.err()).isZero();
        assertThat(run.out()).isEqualTo(points);
    }

    @Test
    void lineProtocol_ofOtherRecords_isTheFieldValue() {
        String rows = "timestamp,k,v\n2024-05-01T11:00:00Z,meter 1,21.5\n2024-05-01T11:00:00Z,a,\"say \"\"hi\"\" \\ \"\n2024-05-01T11:00:01Z,a,\"two\nlines\"\n";
        Path root = directory.resolve("rows");
        assertThat(CliRun.reading(rows, "import", root, "-", "--format", "csv", "--key-column", "k", "--value-column", "v").exit()).isZero();
        CliRun run = CliRun.of("export", root, "--format", "influx");
        assertThat(run.out()).isEqualTo("a value=\"say \\\"hi\\\" \\\\ \" 1714561200000000000\nmeter\\ 1 value=21.5 1714561200000000000\n");
        assertThat(run.err()).contains("left out, its content has several lines: ref=a@", "; --as hex, --format csv or --format json writes it").hasLineCount(1);
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
    }

    @Test
    void lineProtocol_textThatLooksLikeAnotherType_isText() {
        String rows = "timestamp,k,v\n2024-05-01T11:00:00Z,a,T\n2024-05-01T11:00:01Z,a,5i\n2024-05-01T11:00:02Z,a,\"1,b=2\"\n2024-05-01T11:00:03Z,a,-1e3\n";
        Path root = directory.resolve("rows");
        assertThat(CliRun.reading(rows, "import", root, "-", "--format", "csv", "--key-column", "k", "--value-column", "v").exit()).isZero();
        assertThat(CliRun.of("export", root, "--format", "influx").out()).isEqualTo("""
                a value="T" 1714561200000000000
                a value="5i" 1714561201000000000
                a value="1,b=2" 1714561202000000000
                a value=-1e3 1714561203000000000
                """);
    }

    /** As {@code samples} writes them. */
    private Path samples(double... values) {
        Path root = directory.resolve("samples");
        try (StreamWal wal = StreamWal.open(root, WalOptions.builder().clock(() -> CliRun.NOW).build())) {
            for (int i = 0; i < values.length; i++) {
                long unused = wal.samples("power 1").append(NOON + i, values[i]);
            }
        }
        return root;
    }

    /** By its header, as a record of a program's own may have the same bytes. */
    @Test
    void sample_inText_isItsNumber() throws IOException {
        Path root = samples(21.5, -2e300);
        assertThat(CliRun.of("cat", root).lines()).map(line -> line.substring(line.indexOf("+48"))).containsExactly("+48  21.5", "+48  -2.0E300");
        assertThat(CliRun.of("cat", root, "--as", "hex").lines().get(0)).endsWith("+48  [0xffffffff010054fb]  0000000000803540");
        assertThat(CliRun.of("cat", root, "--json").json().get(0)).containsKey("headerBase64");
        try (StreamWal wal = StreamWal.open(root, WalOptions.builder().clock(() -> CliRun.NOW).build())) {
            long unused = wal.stream("other").append(new byte[Double.BYTES]).position();
        }
        assertThat(CliRun.of("cat", root, "other").out()).endsWith("+40  " + "\\u0000".repeat(8) + "\n");
    }

    @Test
    void samples_exportedAsNumbers() throws IOException {
        Path root = samples(21.5, -2e300);
        CliRun influx = CliRun.of("export", root, "--format", "influx", "--as", "f64le");
        assertThat(influx.err()).isEmpty();
        assertThat(influx.exit()).isZero();
        assertThat(influx.out()).isEqualTo("power\\ 1 value=21.5 " + NOON + "000000\npower\\ 1 value=-2.0E300 " + (NOON + 1) + "000000\n");
        assertThat(CliRun.of("export", root, "--as", "f64le").lines().get(1)).endsWith(",,21.5,utf-8");
        assertThat(CliRun.of("export", root, "--json", "--as", "f64le").json().get(0)).containsEntry("content", 21.5);
        assertThat(CliRun.of("export", root, "--format", "influx", "--as", "hex").lines().get(0)).contains(" value=\"0000000000803540\" ");
        assertThat(CliRun.of("export", root, "--help").out()).contains("--as=TYPE");
    }

    @Test
    void lineProtocol_samplesThatItCanNotHave_saysWhyAndWhatToDo() {
        Path root = samples(Double.NaN, 7);
        CliRun numbers = CliRun.of("export", root, "--format", "influx", "--as", "f64le");
        assertThat(numbers.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(numbers.lines()).hasSize(1);
        assertThat(numbers.err()).contains("left out, line protocol has no number that is NaN: ref=power 1@0+", "; --format csv or --format json writes it");
        CliRun bytes = CliRun.of("export", samples(new double[20]), "--format", "influx", "power 1");
        assertThat(bytes.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(bytes.err()).contains("left out, its content isn't text: ref=power 1@0+", "; --as f64 or --as f64le writes numbers of 64 bits");
    }

    /** A program that reads 64 bits takes such nanoseconds for another time, or refuses the file. */
    @ParameterizedTest
    @ValueSource(longs = {-9_223_372_036_855L, 9_223_372_036_855L, -62_135_596_800_000L})
    void lineProtocol_timesWhoseNanosecondsExceed64Bits_saysWhichRecordAndWhatToDo(long millis) {
        Path root = directory.resolve("far");
        long nearer = millis - Long.signum(millis);
        try (StreamWal wal = StreamWal.open(root, WalOptions.builder().clock(() -> Instant.ofEpochMilli(millis)).build())) {
            assertThat(wal.stream("k").append(millis, "1".getBytes(UTF_8))).isNotNull();
            assertThat(wal.stream("k").append(nearer, "2".getBytes(UTF_8))).isNotNull();
        }
        CliRun run = CliRun.of("export", root, "--format", "influx");
        assertThat(run.err()).contains("left out, line protocol has no time like " + Figures.time(millis) + ", whose nanoseconds exceed 64 bits: ref=k@0+40; "
                + "--format csv");
        assertThat(run.out()).isEqualTo(Math.abs(nearer) > Long.MAX_VALUE / 1_000_000 ? "" : "k value=2 " + nearer + "000000\n");
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
    }

    @Test
    void lineProtocol_muchThatItCanNotHave_isCounted() {
        double[] values = new double[25];
        // which isn't UTF-8; the first is, with zeros
        Arrays.fill(values, 21.7);
        values[0] = 0x1p9;
        CliRun run = CliRun.of("export", samples(values), "--format", "influx");
        assertThat(run.err()).contains("left out 25 records in all").hasLineCount(11);
    }

    @Test
    void exportedCsv_withAnUnknownEncoding_isABadRow() {
        String row = "key,position,size,timestamp,header,content,encoding\nk,0,40,2024-05-01T11:00:00.000Z,,x,rot13\n";
        CliRun run = CliRun.reading(row, "import", directory.resolve("log"), "-", "--format", "csv");
        assertThat(run.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(run.err()).contains("unknown encoding: encoding=rot13").contains("line=2");
    }
}
