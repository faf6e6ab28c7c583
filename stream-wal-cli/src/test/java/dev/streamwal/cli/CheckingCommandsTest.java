package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Durability;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.format.StreamKey;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code verify} and {@code dump}. */
class CheckingCommandsTest {

    private static final Path GOLDEN = Path.of("../stream-wal-reader/src/test/resources/dev/streamwal/format/golden.seg");

    @TempDir
    private Path directory;
    private SampleLog log;

    @BeforeEach
    void write() {
        log = SampleLog.closed(directory);
    }

    // ---- verify

    @Test
    void verify_sound_ok() throws IOException {
        CliRun run = CliRun.of("verify", log.root());
        assertThat(run.out()).isEqualTo("4 streams, 34 records, 1.3 KiB verify; no damage\n");
        assertThat(run.exit()).isEqualTo(Exit.OK.code());
        assertThat(CliRun.of("verify", log.root(), "--json").json()).hasSize(4).allMatch(stream -> stream.get("damage").equals(List.of()));
    }

    @Test
    void verify_damage_saysWhereAndWhatItCosts() throws IOException {
        log.damage(2);
        log.damage(3);
        log.damage(7);
        CliRun run = CliRun.of("verify", log.root());
        String file = "ROOT/segments/meter%2f1/" + log.segments("meter/1").get(0).getFileName();
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        List<String> lines = run.out(log.root()).lines().toList();
        assertThat(lines).hasSize(5);
        assertThat(lines.get(0)).isEqualTo("meter/1: " + file + ", offset 192: 80 B damaged, about 2 records lost");
        assertThat(lines.get(1)).startsWith("    record is damaged (record checksum mismatch): stream=meter/1, ").doesNotContain("next()");
        assertThat(lines.get(2)).isEqualTo("meter/1: " + file + ", offset 392: 40 B damaged, about 1 record lost");
        assertThat(lines.get(4)).isEqualTo("4 streams, 31 records, 1.2 KiB verify; 2 places damaged: 120 B, about 3 records lost");
    }

    @Test
    void verify_json_anObjectAStream() throws IOException {
        log.damage(2);
        CliRun run = CliRun.of("verify", log.root(), "meter/1", "--json");
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        Map<String, Object> stream = run.json().get(0);
        assertThat(stream).containsEntry("key", "meter/1").containsEntry("records", 29L).containsEntry("bytes", 1_160L)
                .containsEntry("damagedBytes", 40L).containsEntry("estimatedRecordsLost", 1L).containsEntry("truncated", false);
        assertThat(stream.get("damage")).asInstanceOf(InstanceOfAssertFactories.LIST).hasSize(1)
                .first().asInstanceOf(InstanceOfAssertFactories.MAP)
                .containsEntry("file", log.segments("meter/1").get(0).toString()).containsEntry("offset", 192L).containsEntry("length", 40L)
                .containsKey("reason");
    }

    /** Of three streams with three records each in one shared segment, b's second record, which b misses, and c's last record, which nobody misses. */
    @Test
    void verify_damageInASharedSegment_toldOnceByItsFile(@TempDir Path other) throws IOException {
        WrittenLog shared = new WrittenLog(other);
        try (StreamWal wal = shared.openShared()) {
            for (int i = 0; i < 3; i++) {
                for (String key : List.of("a", "b", "c")) {
                    long unused = wal.stream(key).append(("record of " + key + i).getBytes(UTF_8)).position();
                }
            }
        }
        try (StreamWal wal = shared.openShared()) {
            // another segment, so that nothing can follow in the first one
            long unused = wal.stream("a").append("record of a3".getBytes(UTF_8)).position();
        }
        Path file = shared.segments(StreamKey.SHARED.directoryName()).get(0);
        for (String damaged : List.of("record of b1", "record of c2")) {
            SampleLog.change(file, new String(Files.readAllBytes(file), ISO_8859_1).indexOf(damaged));
        }
        CliRun run = CliRun.of("verify", other);
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        String where = "ROOT/segments/%00shared/" + file.getFileName() + ", offset ";
        List<String> lines = run.out(other).lines().toList();
        assertThat(lines.get(0)).startsWith(where).endsWith(" damaged, about 1 record lost");
        assertThat(lines.get(1)).startsWith("    record is damaged (record checksum mismatch): file=");
        assertThat(lines.get(2)).startsWith(where).endsWith(" damaged, about 1 record lost");
        assertThat(lines.get(4)).startsWith("    streams that may have lost records there: ").contains("b").doesNotContain("a,");
        assertThat(lines.get(5)).startsWith("3 streams, 8 records, ").contains("; 2 places damaged: ").endsWith(", about 2 records lost");
        assertThat(lines).hasSize(6);
        assertThat(run.out()).doesNotContain("u0000");

        List<Map<String, Object>> json = CliRun.of("verify", other, "--json").json();
        assertThat(json).hasSize(4);
        assertThat(json.subList(0, 3)).allMatch(stream -> stream.get("damage").equals(List.of()));
        assertThat(json.get(3)).containsEntry("sharedFile", file.toString()).containsEntry("estimatedRecordsLost", 2L).doesNotContainKey("key");
        assertThat(json.get(3).get("streams")).asInstanceOf(InstanceOfAssertFactories.LIST).contains("b").doesNotContain("a");
        assertThat(json.get(3).get("damage")).asInstanceOf(InstanceOfAssertFactories.LIST).hasSize(2);

        assertThat(CliRun.of("verify", other, "b").out()).contains("streams that may have lost records there: b\n");
        assertThat(CliRun.of("verify", other, "a").out()).endsWith("no damage\n");
    }

    /** The earlier shared segments are packed, so that there is a gap before the damaged one, in which other damage might be. */
    @Test
    void verify_damageInASharedSegmentAfterPacking_countsOnce(@TempDir Path folder) throws IOException {
        Path root = folder.resolve("log");
        AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
        WalOptions options = WalOptions.builder().clock(now::get).ownSegments(0).segmentBytes(4096).sweepInterval(Duration.ZERO).build();
        try (StreamWal wal = StreamWal.open(root, options)) {
            for (int window = 0; window < 2; window++) {
                now.set(now.get().plus(Duration.ofHours(2)));
                for (int record = 0; record < 100; record++) {
                    long unused = wal.stream("m/" + record % 2).append(("record " + window + "-" + record).getBytes(UTF_8)).position();
                }
            }
            // those of the first window; the second isn't over
            assertThat(wal.pack()).isPositive();
        }
        Path file;
        try (Stream<Path> files = Files.list(root.resolve("segments").resolve(StreamKey.SHARED.directoryName()))) {
            file = files.max(Comparator.naturalOrder()).orElseThrow();
        }
        SampleLog.change(file, new String(Files.readAllBytes(file), ISO_8859_1).indexOf("record 1-90"));
        assertThat(CliRun.of("verify", root).out()).contains("2 streams, 199 records, ", "; 1 place damaged: ", ", about 1 record lost\n")
                .containsOnlyOnce(", offset ").doesNotContain("u0000");
    }

    /** A pack has records of many streams; its loss counts once, whatever makes it unreadable. */
    @ParameterizedTest
    @ValueSource(strings = {"missing", "cut", "empty", "table changed"})
    void verify_aPackCannotBeRead_isToldOnce(String damage, @TempDir Path folder) throws IOException {
        Path packed = folder.resolve("log");
        AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
        WalOptions options = WalOptions.builder().clock(now::get).ownSegments(0).sweepInterval(Duration.ZERO).build();
        try (StreamWal wal = StreamWal.open(packed, options)) {
            for (int window = 0; window < 2; window++) {
                for (int record = 0; record < 200; record++) {
                    long unused = wal.stream("m/" + record % 40).append(("record " + record).getBytes(UTF_8)).position();
                }
                wal.sync();
                now.set(now.get().plus(Duration.ofDays(1)));
                assertThat(wal.pack()).isPositive();
            }
        }
        Path pack;
        byte[] bytes;
        try (Stream<Path> files = Files.list(packed.resolve("packs"))) {
            pack = files.filter(file -> file.toString().endsWith(".pack")).sorted().findFirst().orElseThrow();
            bytes = Files.readAllBytes(pack);
        }
        damage(pack, bytes, damage);
        CliRun run = CliRun.of("verify", packed);
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        List<String> lines = run.out(packed).lines().toList();
        assertThat(lines.get(0)).startsWith("ROOT/packs/" + pack.getFileName() + ", offset ");
        assertThat(lines.get(1)).contains(damage.equals("missing") ? "pack listed in the manifest is missing" : "the pack can't be read");
        assertThat(lines.get(2)).startsWith("    streams that may have lost records there: m/0, m/1").endsWith(" more");
        assertThat(lines.get(3)).startsWith("40 streams, 200 records, ").contains("; 1 place damaged: ").endsWith(", at most 200 records lost");
        assertThat(lines).hasSize(4);
        List<Map<String, Object>> json = CliRun.of("verify", packed, "--json").json();
        assertThat(json.get(json.size() - 1)).containsEntry("sharedFile", pack.toString()).containsEntry("streamCount", 40L)
                .containsEntry("estimatedRecordsLost", 200L);
        if (damage.equals("missing")) {
            assertThat(json.get(json.size() - 1)).containsEntry("damagedBytes", (long) bytes.length);
        }
        if (damage.equals("cut")) {
            assertThat(CliRun.of("backup", packed, folder.resolve("backup")).err()).contains(pack.getFileName() + ", file=")
                    .contains("; try again, ", " that file is damaged");
        }
    }

    /** Its end has a copy. */
    @Test
    void verify_aPacksHeaderIsDamaged_isToldOnce_andCostsNothing(@TempDir Path other) throws IOException {
        WrittenLog log = new WrittenLog(other);
        try (StreamWal wal = log.openShared()) {
            for (String key : List.of("a", "b")) {
                long unused = wal.stream(key).append("record".getBytes(UTF_8)).position();
            }
        }
        log.pack();
        try (Stream<Path> packs = Files.list(other.resolve("packs"))) {
            SampleLog.change(packs.filter(file -> file.toString().endsWith(".pack")).findFirst().orElseThrow(), 40);
        }
        CliRun run = CliRun.of("verify", other);
        assertThat(run.lines()).hasSize(3).last().asString().startsWith("2 streams, 2 records, ").endsWith("1 place damaged: 0 B, about 0 records lost");
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
    }

    private static void damage(Path pack, byte[] bytes, String damage) throws IOException {
        switch (damage) {
            case "missing" -> Files.delete(pack);
            case "cut" -> Files.write(pack, Arrays.copyOf(bytes, 100));
            case "empty" -> Files.write(pack, new byte[0]);
            default -> {
                bytes[bytes.length - 40] ^= 1;
                Files.write(pack, bytes);
            }
        }
    }

    /** Reading doesn't need these files, or has a copy: nothing else tells before the log is opened for writing, which is refused then. */
    @Test
    void verify_filesBesideRecordsAreDamaged_eachIsAFinding(@TempDir Path folder) throws IOException {
        Path root = folder.resolve("log");
        WalOptions options = WalOptions.builder().ownSegments(0).sweepInterval(Duration.ZERO).clock(() -> CliRun.NOW).build();
        try (StreamWal wal = StreamWal.open(root, options)) {
            for (int record = 0; record < 20; record++) {
                long unused = wal.stream("m").append(WriteEntry.of(("record " + record).getBytes(UTF_8)), Durability.IMMEDIATE).position();
            }
            try (WalReader reader = wal.reader(); WalConsumer consumer = reader.consumer("shipper", Keys.all())) {
                assertThat(consumer.name()).isEqualTo("shipper");
            }
        }
        try (StreamWal wal = StreamWal.open(root, options)) {
            long unused = wal.stream("m").append("another segment".getBytes(UTF_8)).position();
            assertThat(wal.pack()).isPositive();
        }
        assertThat(CliRun.of("verify", root).out()).endsWith("; no damage\n");

        List<String> damaged = List.of("positions", "commit/00000000.journal", "cursors/shipper.cursor", "packs/manifest");
        for (String name : damaged) {
            Path file = root.resolve(name);
            byte[] bytes = Files.readAllBytes(file);
            bytes[20] ^= 1;
            if (name.equals("positions")) { // the other slot, too
                bytes[4096 + 20] ^= 1;
            }
            Files.write(file, bytes);
        }
        CliRun run = CliRun.of("verify", root);
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(run.out()).endsWith("; no damage in records; 4 other files damaged\n");
        assertThat(damaged).allSatisfy(name -> assertThat(run.err()).containsOnlyOnce("file=" + root.resolve(name)));
        assertThat(CliRun.of("verify", root, "m").exit()).isZero();
    }

    // ---- dump

    @Test
    void dump_theGoldenSegment_everyField() {
        CliRun run = CliRun.of("dump", GOLDEN);
        assertThat(run.exit()).as(run.err()).isEqualTo(Exit.OK.code());
        List<String> lines = run.lines();
        assertThat(lines.get(0)).startsWith("          -- header, 112 bytes, key=sensor/a, ");
        assertThat(lines.get(1)).isEqualTo(
                "00000000  4e 41 4e 4f 2d 4c 4f 47  80 1a 1e 9b 9b 01 00 00  |NANO-LOG........|"
                        + "  magic, expiration=2026-01-08T01:00:00.000Z");
        assertThat(run.out()).contains(
                "base position=", "window start=", "created=", "capacity=", "key length=8, key=sensor/a",
                "-- record, 40 bytes, position=", "commit word, header length=6", "header \"unit=C\", content \"21\"",
                "-- batch, 40 bytes, ", "members=2, bytes=80", "-- member, 40 bytes", "content \"22.125\"",
                "-- padding, 48 bytes", "content, zero", "-- footer, ", "copy of the segment header: magic", "records=4, smallest=",
                "block 0: first offset=112", "footer size=");
        assertThat(run.out()).contains("\n*\n");
    }

    @Test
    void dump_bytesShown_areTheFile() throws IOException {
        byte[] file = Files.readAllBytes(GOLDEN);
        for (String line : CliRun.of("dump", GOLDEN).lines()) {
            if (line.matches("[0-9a-f]{8} .*")) {
                int offset = Integer.parseInt(line.substring(0, 8), 16);
                List<String> bytes = Arrays.stream(line.substring(10, 59).split(" ")).filter(digits -> !digits.isEmpty()).toList();
                for (int i = 0; i < bytes.size(); i++) {
                    assertThat(Integer.parseInt(bytes.get(i), 16)).isEqualTo(file[offset + i] & 0xff);
                }
            }
        }
    }

    @Test
    void dump_brief_aLineAPart() throws IOException {
        log.damage(2);
        CliRun run = CliRun.of("dump", log.segments("meter/1").get(0), "--brief");
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(run.lines()).hasSize(12).containsSubsequence(
                "0  header, 112 bytes, key=meter/1, windowStart=2024-05-01T11:30:00.000Z, windowEnd=2024-05-01T11:40:00.000Z,"
                        + " expiration=2024-05-08T11:40:00.000Z, basePosition=0",
                "152  record, 40 bytes, position=40, timestamp=2024-05-01T11:31:00.000Z",
                "192  damage, 40 bytes, fault=record checksum mismatch",
                "232  record, 40 bytes, position=120, timestamp=2024-05-01T11:33:00.000Z",
                "512  footer, 3,584 bytes, position=400, records=10, blocks=1");
    }

    @Test
    void dump_json_anObjectAPart() throws IOException {
        List<Map<String, Object>> parts = CliRun.of("dump", log.segments("meter/2").get(0), "--json").json();
        assertThat(parts).extracting(part -> part.get("part")).containsExactly("header", "batch", "member", "member");
        assertThat(parts.get(1)).isEqualTo(Map.of("part", "batch", "offset", 112L, "length", 40L, "position", 0L, "members", 2L));
    }

    @Test
    void dump_everyByteChanged_partsCoverTheFileAndNothingFails() throws IOException {
        byte[] sound = Files.readAllBytes(log.segments("meter/2").get(0));
        Path file = directory.resolve("changed.seg");
        for (int offset = 0; offset < sound.length; offset++) {
            byte[] changed = sound.clone();
            changed[offset] ^= 0x55;
            Files.write(file, changed);
            CliRun run = CliRun.of("dump", file, "--json");
            long end = 0;
            for (Map<String, Object> part : run.json()) {
                assertThat(part).as("changed at %d", offset).containsEntry("offset", end);
                end += (long) part.get("length");
            }
            assertThat(end).as("changed at %d", offset).isEqualTo(sound.length);
            assertThat(run.exit()).isIn(Exit.OK.code(), Exit.FINDINGS.code());
        }
    }

    @Test
    void dump_anyFileCutAnywhere_nothingFails() throws IOException {
        byte[] sound = Files.readAllBytes(log.segments("meter/2").get(0));
        Path file = directory.resolve("cut.seg");
        for (int length = 0; length < sound.length; length += 3) {
            Files.write(file, Arrays.copyOf(sound, length));
            assertThat(CliRun.of("dump", file).exit()).as("cut to %d", length).isIn(Exit.OK.code(), Exit.FINDINGS.code());
        }
    }

    @Test
    void dump_anotherFileOfALog_isNoDamage() throws IOException {
        for (String name : List.of("positions", "streams", "LOCK")) {
            CliRun run = CliRun.of("dump", log.root().resolve(name));
            assertThat(run.exit()).as(name).isEqualTo(Exit.USAGE.code());
            assertThat(run.err()).contains("not the file of a segment or pack: file=" + log.root().resolve(name));
            assertThat(run.out()).isEmpty();
        }
        Path copy = Files.copy(log.segments("meter/1").get(0), directory.resolve("copy"));
        assertThat(CliRun.of("dump", copy).exit()).isEqualTo(Exit.OK.code());
    }

    @Test
    void dump_keyThatClearsTheTerminal_escaped() throws IOException {
        CliRun run = CliRun.of("dump", log.segments(SampleLog.EVIL).get(0));
        assertThat(run.out()).contains("key=\\u001b[2J", "content \"\\u001b[2J\\n\"").doesNotContain("\u001b");
    }
}
