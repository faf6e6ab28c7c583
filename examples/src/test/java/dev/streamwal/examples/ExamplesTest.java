package dev.streamwal.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Every example from its beginning to its end, and what it says it did. */
class ExamplesTest {
    private static final String SERIES = """
            timestamp,value
            2014-01-01 00:00:00,1.5
            2014-01-01 00:00:00,2.50
            2014-01-02 12:00:00,-3
            2014-01-02 11:00:00,4e3
            """;

    @TempDir
    Path folder;

    private final Output output = new Output();
    private final Output errors = new Output();

    @Test
    void machineTelemetry_readsBackWhatItCollectedAndSweepsIt() throws IOException {
        int exitCode = new CommandLine(new MachineTelemetry(output.stream))
                .execute("--seconds=4", "--directory=" + folder);

        assertThat(exitCode).isZero();
        if (Files.exists(Path.of("/proc/stat"))) {
            assertThat(figure("streams +([\\d,]+)")).isGreaterThanOrEqualTo(47);
        }
        assertThat(figure("appends +([\\d,]+)")).isGreaterThanOrEqualTo(40 * figure("streams +([\\d,]+)") * 9 / 10);
        assertThat(output.toString())
                .containsPattern("batch read +1,000 random refs .*: 1,000 found, 0 expired, 0 not as written")
                .containsPattern("again, warm +1,000 random refs .*: 1,000 found, 0 expired, 0 not as written")
                .containsPattern("after that +1,000 random refs .* found, [1-9][\\d,]* expired, 0 not as written")
                .containsPattern("sweep +deleted [1-9]")
                .containsPattern("command line +stream-wal ls .*\nKEY +SEGMENTS")
                .containsPattern("log/append/micros +[1-9]");
        assertThat(figure("time range +([\\d,]+)")).isPositive();
        if (output.toString().contains("telemetry.png")) {
            assertThat(ImageIO.read(folder.resolve("telemetry.png").toFile()).getWidth()).isPositive();
        }
        try (WalReader reader = WalReader.open(folder.resolve("log"))) {
            assertThat(reader.keys(Keys.prefix("jvm/"))).contains("jvm/heap/used", "jvm/threads/live");
        }
    }

    @Test
    void csvImport_verifiesWhatItAppended() throws IOException {
        write("series/a/b.csv", SERIES);
        write("series/c.csv", SERIES.strip());

        assertThat(importCsv("--verify", log(), folder.resolve("series").toString())).isZero();

        assertThat(output.toString())
                .containsPattern("files +2, 8 rows, the newest of 2014-01-02T12:00:00Z")
                .containsPattern("verified +8 rows .*: 0 are not as in their file");
        try (WalReader reader = WalReader.open(Path.of(log()))) {
            assertThat(reader.keys()).containsExactly("a/b", "c");
            assertThat(reader.latest("c").orElseThrow().content().toString(UTF_8)).isEqualTo("4e3");
        }
    }

    @Test
    void csvImport_again_verifiesTheNewRecords() throws IOException {
        String file = write("c.csv", SERIES).toString();

        assertThat(importCsv("--verify", log(), file)).isZero();
        assertThat(importCsv("--verify", "--clock=system", log(), file)).isZero();

        try (WalReader reader = WalReader.open(Path.of(log()))) {
            assertThat(reader.verify("c").records()).isEqualTo(8);
        }
    }

    @Test
    void csvImport_changedFile_differencesAreFound() throws IOException {
        CsvSeries series = new CsvSeries("c", write("c.csv", SERIES));
        assertThat(importCsv(log(), series.file().toString())).isZero();
        write("c.csv", SERIES.replace("2.50", "2.5").replace("2014-01-02 11:00:00,4e3\n", ""));

        try (WalReader reader = WalReader.open(Path.of(log())); Progress progress = new Progress("verifying", 3)) {
            List<String> differences = CsvImport.differences(reader, series, 0, progress);

            assertThat(differences).hasSize(2);
            assertThat(differences.get(0)).contains(series.file().toString(), "line=3", "2.5,", "2.50");
            assertThat(differences.get(1)).contains("stream goes on");
        }
    }

    @Test
    void csvImport_badRow_nothingIsWritten() throws IOException {
        write("series/a.csv", SERIES);
        write("series/b.csv", SERIES + "2014-01-03 00:00:00,none\n");

        assertThat(importCsv(log(), folder.resolve("series").toString())).isEqualTo(CommandLine.ExitCode.SOFTWARE);

        assertThat(errors.toString().strip())
                .isEqualTo("value isn't a number: value=none, file=" + folder.resolve("series/b.csv") + ", line=6");
        assertThat(Path.of(log())).doesNotExist();
    }

    @Test
    void csvImport_oneKeyTwice_isRefused() throws IOException {
        String one = write("1/c.csv", SERIES).toString();
        String two = write("2/c.csv", SERIES).toString();

        assertThat(importCsv(log(), one, two)).isEqualTo(CommandLine.ExitCode.SOFTWARE);

        assertThat(errors.toString()).contains(one, two, "stream c");
    }

    @Test
    void csvImport_noFiles_isWrongUsage() {
        assertThat(importCsv(log())).isEqualTo(CommandLine.ExitCode.USAGE);

        assertThat(errors.toString()).contains("Usage: csv-import");
    }

    @Test
    void retentionPerKey_everyPatternIsSweptInItsTime() {
        new RetentionPerKey(output.stream).run(folder.resolve("log"));

        assertThat(output.toString().lines().filter(line -> line.contains("swept")))
                .extracting(line -> line.replaceAll(":[^:]*$", ""))
                .containsExactly(
                        "0d 00:30       swept {debug/gateway=25}",
                        "0d 01:00       swept {debug/gateway=30}",
                        "0d 01:30       swept {debug/gateway=30, meter/4711=3}",
                        "0d 02:00       swept {debug/gateway=30, meter/4711=3}",
                        "0d 02:30       swept {debug/gateway=30, meter/4711=3}",
                        "0d 03:00       swept {debug/gateway=30, meter/4711=3}",
                        "32d 03:00      swept {alarm/door=3, debug/gateway=5, meter/4711=6}");
        assertThat(figure("goes on at position ([\\d,]+)")).isPositive();
    }

    @Test
    void typedRecords_decodeAsAppended() {
        new TypedRecords(output.stream).run(folder.resolve("log"));

        assertThat(output.toString())
                .contains("1,000 decoded as appended")
                .containsPattern("sum of their values is 4,999,950,000.0");
    }

    @Test
    void readmeSnippet_runs() throws IOException {
        ReadmeSnippet.run(folder);

        try (StreamWal wal = StreamWal.open(folder); WalReader reader = wal.reader()) {
            EntryRef latest = reader.latest("meter/4711/power").orElseThrow().ref();
            assertThat(latest.end()).isEqualTo(wal.stream("meter/4711/power").endPosition());
        }
    }

    private int importCsv(String... arguments) {
        PrintWriter err = new PrintWriter(errors.stream, true, UTF_8);
        return CsvImport.commandLine(output.stream).setErr(err).execute(arguments);
    }

    private String log() {
        return folder.resolve("log").toString();
    }

    private long figure(String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(output.toString());
        assertThat(matcher.find()).as("%s in %s", pattern, output).isTrue();
        return Long.parseLong(matcher.group(1).replace(",", ""));
    }

    private Path write(String name, String content) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, content);
    }
}
