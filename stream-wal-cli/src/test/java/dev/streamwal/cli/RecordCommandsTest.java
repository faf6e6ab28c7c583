package dev.streamwal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code cat}, {@code get} and {@code export}. */
class RecordCommandsTest {

    private SampleLog log;

    @BeforeEach
    void write(@TempDir Path directory) {
        log = SampleLog.closed(directory);
    }

    // ---- cat

    @Test
    void cat_text_timeRefHeaderContent() {
        CliRun run = CliRun.of("cat", log.root(), "meter/*", "--from", "-3m", "--to", "now");
        assertThat(run.out()).isEqualTo("""
                2024-05-01T11:57:00.000Z  meter/1@1080+40  [unit=W]  27
                2024-05-01T11:58:00.000Z  meter/1@1120+40  [unit=W]  28
                2024-05-01T11:59:00.000Z  meter/1@1160+40  [unit=W]  29
                """);
        assertThat(run.exit()).isEqualTo(Exit.OK.code());
    }

    @Test
    void cat_all_everyRecordOfEveryStream() throws IOException {
        assertThat(CliRun.of("cat", log.root()).lines()).hasSize(34);
        assertThat(CliRun.of("cat", log.root(), "--json").json()).hasSize(34);
        assertThat(CliRun.of("cat", log.root(), "--format", "json").bytes()).isEqualTo(CliRun.of("cat", log.root(), "--json").bytes());
    }

    @Test
    void cat_eachWayToBegin_fromThere() {
        assertThat(contents("meter/1")).isEqualTo(numbers(0, 30));
        assertThat(contents("meter/1", "--last", 3)).isEqualTo(numbers(27, 30));
        assertThat(contents("meter/1", "--last", 0)).isEmpty();
        assertThat(contents("meter/1", "--position", log.ref(7).position())).isEqualTo(numbers(7, 30));
        assertThat(contents("meter/1", "--position", log.ref(29).end())).isEmpty();
        assertThat(contents("--ref", log.ref(28))).isEqualTo(numbers(28, 30));
        CliRun nowhere = CliRun.of("cat", log.root(), "--ref", "x@0+40");
        assertThat(nowhere.err()).isEqualTo("stream-wal: no stream has this key, or matches this pattern: x; stream-wal ls LOG lists the keys\n");
        assertThat(nowhere.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(contents("meter/1", "--from", "2024-05-01T11:50:00Z")).isEqualTo(numbers(20, 30));
        assertThat(contents("meter/1", "--to", "2024-05-01T13:32+02:00")).isEqualTo(numbers(0, 2));
        assertThat(contents("meter/1", "--from", SampleLog.START.toEpochMilli() + 1, "--to", "-28m")).isEqualTo(numbers(1, 2));
    }

    private String contents(Object... arguments) {
        Object[] all = new Object[arguments.length + 4];
        all[0] = "cat";
        all[1] = log.root();
        all[2] = "--format";
        all[3] = "raw";
        System.arraycopy(arguments, 0, all, 4, arguments.length);
        CliRun run = CliRun.of(all);
        assertThat(run.exit()).as(run.err()).isEqualTo(Exit.OK.code());
        return run.out();
    }

    private static String numbers(int from, int to) {
        return IntStream.range(from, to).mapToObj(String::valueOf).reduce("", String::concat);
    }

    @Test
    void cat_merged_byTimestamp() {
        assertThat(CliRun.of("cat", log.root(), "meter/*", "--merged", "--from", "-6m").out()).isEqualTo("""
                2024-05-01T11:54:00.000Z  meter/1@960+40  [unit=W]  24
                2024-05-01T11:55:00.000Z  meter/1@1000+40  [unit=W]  25
                2024-05-01T11:55:00.000Z  meter/2@40+40  a
                2024-05-01T11:55:01.000Z  meter/2@80+40  b
                2024-05-01T11:56:00.000Z  meter/1@1040+40  [unit=W]  26
                2024-05-01T11:57:00.000Z  meter/1@1080+40  [unit=W]  27
                2024-05-01T11:58:00.000Z  meter/1@1120+40  [unit=W]  28
                2024-05-01T11:59:00.000Z  meter/1@1160+40  [unit=W]  29
                """);
    }

    @Test
    void cat_hex_theBytes() {
        assertThat(CliRun.of("cat", log.root(), "meter/1", SampleLog.EVIL, "--last", 1, "--format", "hex").out()).isEqualTo("""
                2024-05-01T11:57:00.000Z  \\u001b[2J@0+40
                content, 5 B
                00000000  1b 5b 32 4a 0a                                    |.[2J.|
                2024-05-01T11:59:00.000Z  meter/1@1160+40
                header, 6 B
                00000000  75 6e 69 74 3d 57                                 |unit=W|
                content, 2 B
                00000000  32 39                                             |29|
                """);
    }

    @Test
    void cat_raw_theContentsAsTheyAre() {
        assertThat(CliRun.of("cat", log.root(), "binary", "--format", "raw").bytes()).containsExactly(0xff, 0, 7);
    }

    @Test
    void cat_json_everyField() throws IOException {
        assertThat(CliRun.of("cat", log.root(), "meter/1", "--last", 1, "--json").json()).containsExactly(Map.of(
                "ref", "meter/1@1160+40", "key", "meter/1", "position", 1_160L, "size", 40L,
                "timestampMillis", 1_714_564_740_000L, "timestamp", "2024-05-01T11:59:00.000Z", "header", "unit=W", "content", "29"));
    }

    @Test
    void cat_damage_goesOnBehindItAndSaysSo() throws IOException {
        log.damage(2);
        CliRun run = CliRun.of("cat", log.root(), "meter/1", "--format", "raw");
        assertThat(run.out()).isEqualTo("01" + numbers(3, 30));
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(run.err()).contains("record is damaged", "position=80").doesNotContain("next()").hasLineCount(1);
    }

    @Test
    void cat_positionInTheMiddleOfARecord_findings() {
        CliRun run = CliRun.of("cat", log.root(), "meter/1", "--position", 8);
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(run.err()).contains("no record starts or ends at the position", "; give what an append or a reader gave");
    }

    // ---- get

    @Test
    void get_refs_inTheOrderAskedAndWhatIsMissingIsTold() throws IOException {
        CliRun run = CliRun.of("get", log.root(), log.ref(3), "x@0+40", log.ref(1), log.ref(3));
        assertThat(run.out()).isEqualTo("""
                2024-05-01T11:33:00.000Z  meter/1@120+40  [unit=W]  3
                2024-05-01T11:31:00.000Z  meter/1@40+40  [unit=W]  1
                2024-05-01T11:33:00.000Z  meter/1@120+40  [unit=W]  3
                """);
        assertThat(run.err()).contains("x@0+40").hasLineCount(1);
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());

        log.damage(3);
        CliRun json = CliRun.of("get", log.root(), "--json", log.ref(1), log.ref(3), "x@0+40");
        assertThat(json.json()).extracting(found -> found.getOrDefault("content", found.get("status")))
                .containsExactly("1", "CORRUPT", "NOT_FOUND");
        assertThat(json.exit()).isEqualTo(Exit.FINDINGS.code());
    }

    @Test
    void get_allFound_ok() {
        Object[] arguments = new Object[2_005];
        arguments[0] = "get";
        arguments[1] = log.root();
        arguments[2] = "--format=raw";
        Arrays.fill(arguments, 3, arguments.length, log.ref(1));
        CliRun run = CliRun.of(arguments);
        assertThat(run.exit()).isEqualTo(Exit.OK.code());
        assertThat(run.out()).isEqualTo("1".repeat(2_002));
    }

    // ---- export

    @Test
    void export_csv_aLineARecord() {
        CliRun run = CliRun.of("export", log.root(), "binary", "meter/2", SampleLog.EVIL);
        assertThat(run.out()).isEqualTo("""
                key,position,size,timestamp,header,content,encoding
                \u001b[2J,0,40,2024-05-01T11:57:00.000Z,,"\u001b[2J
                ",utf-8
                binary,0,40,2024-05-01T11:56:00.000Z,,/wAH,base64
                meter/2,40,40,2024-05-01T11:55:00.000Z,,a,utf-8
                meter/2,80,40,2024-05-01T11:55:01.000Z,,b,utf-8
                """);
        assertThat(run.exit()).isEqualTo(Exit.OK.code());
    }

    @Test
    void export_json_asCat() {
        assertThat(CliRun.of("export", log.root(), "--json").bytes()).isEqualTo(CliRun.of("cat", log.root(), "--json").bytes());
    }

    @Test
    void export_rangeAndDamage_whatIsLeft() throws IOException {
        log.damage(2);
        CliRun run = CliRun.of("export", log.root(), "meter/1", "--to", "2024-05-01T11:35:00Z");
        assertThat(run.lines()).extracting(line -> List.of(line.split(",")).get(5)).containsExactly("content", "0", "1", "3", "4");
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
    }
}
