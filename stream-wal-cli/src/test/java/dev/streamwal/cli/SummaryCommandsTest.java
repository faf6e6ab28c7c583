package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.WriteEntry;
import dev.streamwal.format.StreamKey;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ls}, {@code stats} and {@code latest}. */
class SummaryCommandsTest {

    private SampleLog log;

    @BeforeEach
    void write(@TempDir Path directory) {
        log = SampleLog.closed(directory);
    }

    @Test
    void ls_oneLongKey_leavesTheOtherLinesNarrow(@TempDir Path folder) {
        Path root = folder.resolve("keys");
        WrittenLog keys = new WrittenLog(root);
        String longKey = "k".repeat(StreamKey.MAX_BYTES);
        try (StreamWal wal = keys.open()) {
            for (String key : List.of("a", longKey)) {
                long unused = wal.stream(key).append(new byte[8]).position();
            }
        }
        List<String> lines = CliRun.of("ls", root).lines();
        assertThat(lines.get(0)).hasSizeLessThan(130);
        assertThat(lines.get(1)).startsWith("a  ").hasSizeLessThan(130);
        assertThat(lines.get(2)).startsWith(longKey + "  ");
    }

    @Test
    void ls_all_aTable() {
        CliRun run = CliRun.of("ls", log.root());
        assertThat(run.out()).isEqualTo("""
                KEY        SEGMENTS     SIZE     DATA  FROM                      TO                        DATA RATE
                \\u001b[2J         1    144 B     40 B  2024-05-01T11:57:00.000Z  2024-05-01T11:57:00.000Z          -
                binary            1    144 B     40 B  2024-05-01T11:56:00.000Z  2024-05-01T11:56:00.000Z          -
                meter/1           3  8.5 KiB  1.2 KiB  2024-05-01T11:30:00.000Z  2024-05-01T11:59:00.000Z   41 B/min
                meter/2           1    232 B    120 B  2024-05-01T11:55:00.000Z  2024-05-01T11:55:01.000Z    120 B/s
                """);
        assertThat(run.exit()).isEqualTo(Exit.OK.code());
        assertThat(run.err()).isEmpty();
    }

    @Test
    void ls_patterns_eachStreamOnce() {
        assertThat(CliRun.of("ls", log.root(), "meter/?", "*2", "binary").lines()).hasSize(4)
                .anyMatch(line -> line.startsWith("meter/1 ")).anyMatch(line -> line.startsWith("binary "));
    }

    @Test
    void ls_json_anObjectAStream() throws IOException {
        List<Map<String, Object>> streams = CliRun.of("ls", log.root(), "--json").json();
        assertThat(streams).extracting(stream -> stream.get("key")).containsExactly(SampleLog.EVIL, "binary", "meter/1", "meter/2");
        assertThat(streams.get(2)).containsOnly(
                Map.entry("key", "meter/1"), Map.entry("segments", 3L), Map.entry("bytes", 8_704L), Map.entry("dataBytes", 1_200L),
                Map.entry("firstPosition", 0L), Map.entry("endPosition", 1_200L),
                Map.entry("fromMillis", SampleLog.START.toEpochMilli()), Map.entry("from", "2024-05-01T11:30:00.000Z"),
                Map.entry("toMillis", SampleLog.START.toEpochMilli() + 29 * 60_000), Map.entry("to", "2024-05-01T11:59:00.000Z"));
    }

    /** Each opening gives a stream that shares segments positions that are far behind those of before. */
    @Test
    void ls_streamOfTwoOpenings_countsItsRecordsOnly(@TempDir Path directory) throws IOException {
        WrittenLog shared = new WrittenLog(directory.resolve("shared"));
        for (String content : List.of("first", "second")) {
            try (StreamWal wal = shared.openShared()) {
                var unused = wal.stream("a").append(content.getBytes(UTF_8));
            }
        }
        Map<String, Object> stream = CliRun.of("ls", directory.resolve("shared"), "--json").json().get(0);
        assertThat((Long) stream.get("endPosition")).isGreaterThan(1L << 30);
        assertThat(stream).containsEntry("dataBytes", 80L);
        assertThat(CliRun.of("ls", directory.resolve("shared")).out()).contains("  80 B  ");
    }

    @Test
    void stats_all_sizesFillAndSparkline() {
        CliRun run = CliRun.of("stats", log.root());
        assertThat(run.out()).isEqualTo("""
                streams   4
                segments  6, 2 of them sealed
                files     9.0 KiB
                records   34, 1.3 KiB, 40 B each
                windows   10 min; sealed segments use 0.05 % of their capacity
                time      2024-05-01T11:30:00.000Z to 2024-05-01T11:59:00.000Z
                rate      1.2/min

                ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▁ ▆ ▃ ▃ ▁ ▁
                records, a column for 30 s, at most 3
                """);
        assertThat(run.exit()).isEqualTo(Exit.OK.code());
    }

    @Test
    void stats_json_countsEveryRecord() throws IOException {
        Map<String, Object> stats = CliRun.of("stats", log.root(), "meter/1", "--json").json().get(0);
        assertThat(stats).containsEntry("streams", 1L).containsEntry("segments", 3L).containsEntry("sealedSegments", 2L)
                .containsEntry("records", 30L).containsEntry("dataBytes", 1_200L).containsEntry("longestWindowMillis", 600_000L);
        assertThat(stats.get("recordsOverTime")).extracting("columns").asInstanceOf(InstanceOfAssertFactories.LIST)
                .hasSize(59).contains(1L, 0L).doesNotContain(2L);
    }

    /** A batch begins with a frame that is no record. */
    @Test
    void stats_sharedSegment_countsEveryRecord(@TempDir Path directory) throws IOException {
        Path root = directory.resolve("shared");
        try (StreamWal wal = new WrittenLog(root).openShared()) {
            for (int i = 0; i < 20; i++) {
                long unused = wal.stream("k" + i % 2).append("12345678".getBytes(UTF_8)).position();
            }
            var unused = wal.stream("batch").appendBatch(List.of(WriteEntry.of("12345678".getBytes(UTF_8)), WriteEntry.of("12345678".getBytes(UTF_8))));
        }
        assertThat(CliRun.of("stats", root, "--json").json().get(0)).containsEntry("segments", 3L).containsEntry("sealedSegments", 0L)
                .containsEntry("records", 22L).containsEntry("dataBytes", 22 * 40L).containsEntry("shortestWindowMillis", 600_000L)
                .extracting("recordsOverTime").extracting("columns").isEqualTo(List.of(22L));
    }

    @Test
    void stats_damagedHeader_findingsAndTheOthersCount() throws IOException {
        SampleLog.change(log.segments("meter/1").get(0), 40);
        CliRun run = CliRun.of("stats", log.root(), "meter/1");
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(run.out()).contains("segments  3, 1 of them sealed, 1 unreadable\n", "records   20, ");
    }

    @Test
    void latest_all_oneRecordAStream() {
        CliRun run = CliRun.of("latest", log.root());
        assertThat(run.out()).isEqualTo("""
                2024-05-01T11:57:00.000Z  \\u001b[2J@0+40  \\u001b[2J\\n
                2024-05-01T11:56:00.000Z  binary@0+40  0xff0007
                2024-05-01T11:59:00.000Z  meter/1@1160+40  [unit=W]  29
                2024-05-01T11:55:01.000Z  meter/2@80+40  b
                """);
        assertThat(run.exit()).isEqualTo(Exit.OK.code());
    }

    @Test
    void latest_json_withWhatIsNoTextInBase64() throws IOException {
        CliRun run = CliRun.of("latest", log.root(), "--json");
        List<Map<String, Object>> entries = run.json();
        assertThat(entries.get(0)).containsEntry("key", SampleLog.EVIL).containsEntry("content", SampleLog.EVIL + "\n");
        assertThat(entries.get(1)).containsEntry("contentBase64", "/wAH").doesNotContainKeys("content", "header");
        assertThat(entries.get(2)).containsEntry("ref", log.ref(29).toString()).containsEntry("header", "unit=W")
                .containsEntry("content", "29").containsEntry("timestamp", "2024-05-01T11:59:00.000Z");
        assertThat(run.out()).as("nothing a terminal obeys").matches("[\\x20-\\x7e\\n]*");
    }

    @Test
    void latest_moreStreamsThanAreReadAtOnce_eachOnce(@TempDir Path directory) throws IOException {
        Path root = directory.resolve("many");
        try (StreamWal wal = new WrittenLog(root).openShared()) {
            for (int i = 0; i < 600; i++) {
                var unused = wal.stream("k" + i).append(("v" + i).getBytes(UTF_8));
            }
        }
        List<Map<String, Object>> entries = CliRun.of("latest", root, "--json").json();
        assertThat(entries).hasSize(600).allMatch(entry -> entry.get("content").equals("v" + entry.get("key").toString().substring(1)));
        assertThat(entries).extracting(entry -> entry.get("key")).doesNotHaveDuplicates();
    }

    @Test
    void latest_damagedEndOfAStream_findingsAndTheOthersAreShown() throws IOException {
        SampleLog.change(log.segments("binary").get(0), 40);
        CliRun run = CliRun.of("latest", log.root());
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(run.lines()).hasSize(3);
        assertThat(run.err()).contains("stream=binary").hasLineCount(1);
    }
}
