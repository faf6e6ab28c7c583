package dev.streamwal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.keys.MasterKeys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
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

    private void writeEncrypted(Path keys) throws IOException {
        WalOptions.Builder options = options().window(Duration.ofMinutes(10)).retention(Duration.ofDays(1)).encryption(MasterKeys.file(keys));
        try (StreamWal wal = StreamWal.open(root, options.clock(() -> CliRun.NOW.minus(Duration.ofHours(3))).build())) {
            assertThat(wal.stream("a").append("secret".getBytes(StandardCharsets.UTF_8))).isNotNull();
        }
        try (StreamWal wal = StreamWal.open(root, options.clock(() -> CliRun.NOW).build())) {
            assertThat(wal.pack()).isPositive();
            assertThat(wal.moveToTier()).isPositive();
        }
    }

    @Test
    void rotateKeys_withTheTier_theTierAloneNeedsTheCurrentKeyOnly() throws IOException {
        root = directory.resolve("encrypted");
        tier = Files.createDirectory(directory.resolve("tier-of-encrypted"));
        Path keys = directory.resolve("master.keys");
        Files.writeString(keys, "key-1 " + "0123456789abcdef".repeat(4) + "\n");
        Files.setPosixFilePermissions(keys, PosixFilePermissions.fromString("rw-------"));
        writeEncrypted(keys);
        String current = "key-2 " + "fedcba9876543210".repeat(4) + "\n";
        Files.writeString(keys, current, StandardOpenOption.APPEND);
        assertThat(CliRun.of("rotate-keys", root, "--tier", tier, "--keys", keys).exit()).isZero();
        Files.writeString(keys, current);
        CliRun run = CliRun.of("cat", tier, "a", "--tier-alone", "--keys", keys);
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).contains("secret");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ls", "stats", "verify", "cat", "latest", "digest"})
    void reading_beforeAndBehindTheMove_tellsTheSame(String command) throws IOException {
        List<Map<String, Object>> before = json(command, root);
        Object bytesBefore = before.get(0).remove("fileBytes");
        move();
        List<Map<String, Object>> behind = json(command, root);
        Object bytesBehind = behind.get(0).remove("fileBytes");
        assertThat(behind).isEqualTo(before).isNotEmpty();
        List<Map<String, Object>> withTier = json(command, root, "--tier", tier);
        assertThat(withTier.get(0).remove("fileBytes")).isEqualTo(bytesBehind);
        assertThat(withTier).isEqualTo(before);
        if (command.equals("stats")) {
            // files in the tier aren't in the log's directory
            assertThat((Long) bytesBehind).isLessThan((Long) bytesBefore);
        }
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

    /** It compares the files' rows with the newest records, of which some are in the tier. */
    @Test
    void importResumed_readsTheTier() throws IOException {
        move();
        Path elsewhere = directory.resolve("mounted elsewhere");
        Files.move(tier, elsewhere);
        Path rows = Files.writeString(directory.resolve("rows.csv"), "timestamp,v\n2024-05-01T11:59:00Z,more\n");
        assertThat(CliRun.of("import", root, rows, "--key", "cpu/a", "--resume").err()).contains("tier=" + tier.toUri());
        CliRun run = CliRun.of("import", root, rows, "--key", "cpu/a", "--resume", "--tier", elsewhere);
        assertThat(run.err()).isEmpty();
        assertThat(run.exit()).isZero();
        assertThat(json("cat", root, "cpu/a", "--tier", elsewhere)).hasSize(WINDOWS.length + 1);
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

    private static void change(Path file, int offset) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[offset] ^= 1;
        Files.write(file, bytes);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void oneObjectMissingOrOther_restIsVerifiedAndRepaired(boolean isMissing) throws IOException {
        move();
        WrittenLog log = new WrittenLog(root);
        log.append("zone", Duration.ofMinutes(3));
        assertThat(CliRun.of("backup", root, directory.resolve("backup")).exit()).isZero();
        Path object = files(tier, ".pack").get(0);
        if (isMissing) {
            Files.delete(object);
        } else {
            change(object, 200);
        }
        CliRun verify = CliRun.of("verify", root);
        assertThat(verify.exit()).as("what can't be read isn't damage").isEqualTo(Exit.FAILED.code());
        assertThat(verify.err()).containsOnlyOnce("object=" + object.getFileName());
        assertThat(verify.out()).contains("3 streams, ", "no damage; 2 streams can't be read to the end");
        CliRun whole = CliRun.of("repair", root, "--from", directory.resolve("backup"));
        assertThat(whole.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(whole.out()).isEqualTo("nothing is damaged of what can be read\n");

        log.damage(log.segments("zone").get(0), Duration.ofMinutes(3));
        assertThat(CliRun.of("verify", root).exit()).isEqualTo(Exit.FINDINGS.code());
        CliRun repair = CliRun.of("repair", root, "--from", directory.resolve("backup"));
        assertThat(repair.out()).startsWith("segments/zone/").contains("repaired from");
        assertThat(repair.err()).containsOnlyOnce("object=" + object.getFileName());
        assertThat(repair.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(json("verify", root, "zone")).hasSize(1);
    }

    @Test
    void tableDamaged_isNamed_andNoPackIsPutInItsPlace() throws IOException {
        move();
        assertThat(CliRun.of("backup", root, directory.resolve("backup")).exit()).isZero();
        Path table = files(root, ".table").get(0);
        change(table, (int) Files.size(table) / 2);
        String name = root.relativize(table).toString();
        CliRun verify = CliRun.of("verify", root);
        assertThat(verify.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(verify.out() + verify.err()).contains(name, "open the log for writing with its tier");
        CliRun repair = CliRun.of("repair", root, "--from", directory.resolve("backup"));
        assertThat(repair.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(repair.out()).startsWith(name + "  not repaired: the pack is in the log's tier");
        assertThat(files(root, ".pack")).isEmpty();
    }

    /** Neither is a bug, nor the log's fault: the caller has to give something else. */
    @Test
    void whatIsMissing_isUsage() {
        CliRun tierless = CliRun.of("verify", root, "--tier", "nowhere://bucket/folder/");
        assertThat(tierless.exit()).isEqualTo(Exit.USAGE.code());
        assertThat(tierless.err()).contains("tier=nowhere://bucket/folder/; put its provider on the class path");
        CliRun keyless = CliRun.of("rotate-keys", root);
        assertThat(keyless.exit()).isEqualTo(Exit.USAGE.code());
        assertThat(keyless.err()).contains("--keys FILE is missing");
    }
}
