package dev.streamwal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A log with packs in its tier: commands tell of it what they told before, and of the tier alone what it has. */
class TieredLogCommandsTest {

    private static final Duration[] WINDOWS = {Duration.ofMinutes(48), Duration.ofMinutes(38), Duration.ofMinutes(28), Duration.ofMinutes(5)};
    private static final int MOVED = WINDOWS.length - 1;

    @TempDir
    private Path directory;

    private Path root;
    private Path tier;

    @BeforeEach
    void write() throws IOException {
        root = directory.resolve("log");
        tier = Files.createDirectory(directory.resolve("tier"));
        WrittenLog log = new WrittenLog(root);
        for (String key : List.of("cpu/a", "cpu/b")) {
            log.append(key, WINDOWS);
        }
        try (StreamWal wal = StreamWal.open(root, options().build())) {
            var unused = wal.recoverAll(progress -> { });
            assertThat(wal.pack()).isPositive();
        }
    }

    private WalOptions.Builder options() {
        return WalOptions.builder().ownSegments(0).sweepInterval(Duration.ZERO).clock(() -> CliRun.NOW).tier(tier).tierAfter(Duration.ZERO);
    }

    private void move() throws IOException {
        try (StreamWal wal = StreamWal.open(root, options().build())) {
            assertThat(wal.moveToTier()).isEqualTo(MOVED);
        }
        assertThat(files(tier, ".pack")).hasSize(MOVED);
        assertThat(files(root, ".pack")).isEmpty();
    }

    private static List<Path> files(Path folder, String suffix) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(file -> file.toString().endsWith(suffix)).sorted().toList();
        }
    }

    private static List<Map<String, Object>> json(Object... arguments) throws IOException {
        Object[] all = Stream.concat(Stream.of(arguments), Stream.of("--json")).toArray();
        CliRun run = CliRun.of(all);
        assertThat(run.err()).isEmpty();
        assertThat(run.exit()).isZero();
        return run.json();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ls", "stats", "verify", "cat", "latest", "digest"})
    void reading_beforeAndBehindTheMove_tellsTheSame(String command) throws IOException {
        List<Map<String, Object>> before = json(command, root);
        move();
        assertThat(json(command, root)).isEqualTo(before).isNotEmpty();
        assertThat(json(command, root, "--tier", tier)).isEqualTo(before);
    }

    @Test
    void tierElsewhere_isFoundByTheOptionAlone() throws IOException {
        List<Map<String, Object>> before = json("cat", root);
        move();
        Path elsewhere = directory.resolve("mounted elsewhere");
        Files.move(tier, elsewhere);
        CliRun run = CliRun.of("cat", root, "cpu/a");
        assertThat(run.exit()).isNotZero();
        assertThat(run.err()).contains("tier=" + tier.toUri(), "-").doesNotContain("\tat ");
        CliRun verify = CliRun.of("verify", root);
        assertThat(verify.exit()).as("what can't be read isn't damage").isEqualTo(Exit.FAILED.code());
        assertThat(verify.err()).contains("reading from the tier failed");
        assertThat(json("ls", root)).as("what the tables tell").hasSize(2);
        assertThat(json("cat", root, "--tier", elsewhere)).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ls", "stats", "verify", "cat", "latest", "digest"})
    void tierAlone_withoutTheLog_tellsWhatItHas(String command) throws IOException {
        move();
        Files.move(root, directory.resolve("away"));
        assertThat(json(command, tier, "--tier-alone")).isNotEmpty();
        if (command.equals("ls")) {
            assertThat(json("ls", tier, "--tier-alone")).extracting(stream -> stream.get("key")).containsExactly("cpu/a", "cpu/b");
            assertThat(json("cat", tier, "cpu/b", "--tier-alone")).hasSize(MOVED);
            assertThat(CliRun.of("verify", tier, "--tier-alone").out()).contains("2 streams, 6 records");
        }
    }

    @Test
    void tierAlone_whatIsNone_isRefused() throws IOException {
        assertThat(CliRun.of("ls", root, "--tier-alone").err()).contains("not a log's tier");
        assertThat(CliRun.of("ls", root, "--tier-alone", "--tier", tier).exit()).isEqualTo(Exit.USAGE.code());
        assertThat(CliRun.of("ls", root, "--tier-alone", "--nano-wal").exit()).isEqualTo(Exit.USAGE.code());
    }

    @Test
    void dump_objectInTheTier_showsThePack() throws IOException {
        Path pack = files(root, ".pack").get(0);
        List<Map<String, Object>> before = json("dump", pack);
        move();
        Path object = files(tier, ".pack").stream().filter(each -> each.getFileName().toString().startsWith(pack.getFileName().toString().substring(0, 16)))
                .findFirst().orElseThrow();
        assertThat(json("dump", object)).isEqualTo(before).isNotEmpty();

        CliRun run = CliRun.of("dump", pack);
        assertThat(run.exit()).isNotZero();
        assertThat(run.err()).contains("pack is in the log's tier", pack.getFileName().toString().substring(0, 16) + "-*.pack");

        byte[] bytes = Files.readAllBytes(object);
        Files.write(object, Arrays.copyOf(bytes, bytes.length - 1));
        assertThat(CliRun.of("dump", object).exit()).isEqualTo(Exit.FINDINGS.code());
        bytes[200] ^= 1;
        Files.write(object, bytes);
        assertThat(CliRun.of("dump", object).exit()).isNotZero();
    }

    @Test
    void erase_needsTheTier() throws IOException {
        move();
        String from = Instant.EPOCH.toString();
        String to = CliRun.NOW.toString();
        assertThat(CliRun.of("erase", root, "cpu/a", "--from", from, "--to", to, "--dry-run").out()).contains("would erase 4 records");
        CliRun without = CliRun.of("erase", root, "cpu/a", "--from", from, "--to", to);
        assertThat(without.exit()).isNotZero();
        assertThat(without.err()).contains("--tier");
        // what isn't in the tier is erased already
        CliRun with = CliRun.of("erase", root, "cpu/a", "--from", from, "--to", to, "--tier", tier);
        assertThat(with.err()).isEmpty();
        assertThat(with.out()).contains("erased 3 records");
        assertThat(CliRun.of("cat", root, "cpu/a").out()).isEmpty();
        for (Path object : files(tier, ".pack")) {
            assertThat(Files.readString(object, StandardCharsets.ISO_8859_1)).doesNotContain("cpu/a");
        }
    }

    @Test
    void copies_haveWhatIsInTheTier() throws IOException {
        List<Map<String, Object>> before = json("cat", root);
        move();
        Path elsewhere = directory.resolve("mounted elsewhere");
        Files.move(tier, elsewhere);
        CliRun refused = CliRun.of("backup", root, directory.resolve("backup"));
        assertThat(refused.exit()).isNotZero();
        assertThat(refused.err()).contains("reading from the tier failed");
        assertThat(CliRun.of("backup", root, directory.resolve("backup"), "--tier", elsewhere).exit()).isZero();
        assertThat(CliRun.of("restore", directory.resolve("backup"), directory.resolve("restored")).exit()).isZero();
        assertThat(json("cat", directory.resolve("restored"))).isEqualTo(before);

        assertThat(CliRun.of("checkpoint", root, directory.resolve("none")).err()).contains("--tier");
        assertThat(CliRun.of("checkpoint", root, directory.resolve("copy"), "--tier", elsewhere).exit()).isZero();
        assertThat(json("cat", directory.resolve("copy"))).isEqualTo(before);
        assertThat(files(directory.resolve("copy"), ".pack")).hasSize(MOVED);
    }

    @Test
    void sweep_needsNoTier() throws IOException {
        move();
        Path elsewhere = directory.resolve("away");
        Files.move(tier, elsewhere);
        CliRun run = CliRun.of("sweep", root, "--now", CliRun.NOW.plus(Duration.ofDays(1)).toString());
        assertThat(run.exit()).as(run.err()).isZero();
        assertThat(json("ls", root)).isEmpty();
    }
}
