package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Compression;
import dev.streamwal.MergedPacks;
import dev.streamwal.Storage;
import dev.streamwal.StreamWal;
import dev.streamwal.WalListener;
import dev.streamwal.WalOptions;
import dev.streamwal.keys.MasterKeys;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code digest} and {@code verify --anchor}: what an anchor shows of a log, and what not. */
class DigestCommandTest {

    private static final int RECORDS = 100;
    private static final Instant START = Instant.parse("2024-05-01T10:00:00Z");

    @TempDir
    private Path directory;

    private Path root;
    private Path anchor;
    private Instant now = START;

    @BeforeEach
    void name() {
        root = directory.resolve("log");
        anchor = directory.resolve("anchor");
    }

    private WalOptions.Builder options() {
        return WalOptions.builder().storage(Storage.CHANNEL).window(Duration.ofMinutes(10)).retention(Duration.ofDays(1)).segmentBytes(1 << 16)
                .clock(() -> now).sweepInterval(Duration.ZERO);
    }

    /** A record a minute in each of two streams. */
    private List<EntryRef> write(WalOptions options, int records) {
        List<EntryRef> refs = new ArrayList<>();
        try (StreamWal wal = StreamWal.open(root, options)) {
            for (int i = 0; i < records; i++) {
                now = now.plusSeconds(60);
                refs.add(wal.stream("a").append(("a " + now).getBytes(UTF_8)));
                refs.add(wal.stream("b").append(now.toEpochMilli(), "unit=W".getBytes(UTF_8), ("b " + now).getBytes(UTF_8)));
            }
        }
        return refs;
    }

    private String digest(Object... more) {
        List<Object> arguments = new ArrayList<>(List.of("digest", root));
        arguments.addAll(List.of(more));
        CliRun run = CliRun.of(arguments.toArray());
        assertThat(run.err()).isEmpty();
        assertThat(run.exit()).isZero();
        return run.out();
    }

    private void makeAnchor(Object... more) throws IOException {
        Files.writeString(anchor, digest(more));
    }

    /** What {@code verify} says of each stream, as text, and its exit code. */
    private String verified(String key) throws IOException {
        CliRun run = CliRun.of("verify", root, "--anchor", anchor, "--json");
        List<Map<String, Object>> found = run.json().stream().filter(each -> key.equals(each.get("key")) && each.containsKey("anchor")).toList();
        assertThat(found).as(run.out() + run.err()).hasSize(1);
        return found.get(0).get("anchor") + " " + run.exit();
    }

    private List<Path> files(String suffix) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(file -> file.toString().endsWith(suffix)).sorted().toList();
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path each : (Iterable<Path>) all::iterator) {
                Files.copy(each, to.resolve(from.relativize(each).toString()));
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : all.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(each);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void digest_sameRecordsElsewhere_isTheSame(boolean encrypted) throws IOException {
        Path master = directory.resolve("master");
        Files.writeString(master, "key-1 " + "0123456789abcdef".repeat(4) + "\n");
        Files.setPosixFilePermissions(master, PosixFilePermissions.fromString("rw-------"));
        Object[] keys = encrypted ? new Object[] {"--keys", master} : new Object[0];
        for (int own : new int[] {64, 0}) {
            root = directory.resolve("log" + own);
            now = START;
            write(encrypted ? options().ownSegments(own).encryption(MasterKeys.file(master)).build() : options().ownSegments(own).build(), RECORDS);
            String written = digest(keys);
            WalOptions.Builder packing = options().ownSegments(0).compression(Compression.COLUMNS);
            now = now.plus(Duration.ofHours(2));
            int packed = 0;
            List<MergedPacks> merged = new ArrayList<>();
            packing.listener(new WalListener() {
                @Override
                public void onMerged(MergedPacks packs) {
                    merged.add(packs);
                }
            });
            for (int i = 0; i < 4; i++) {
                try (StreamWal wal = StreamWal.open(root, (encrypted ? packing.encryption(MasterKeys.file(master)) : packing).build())) {
                    var unused = wal.recoverAll(progress -> { });
                    var inThisCall = wal.pack();
                    packed = Math.max(packed, wal.stats().packedSegments());
                    now = now.plus(Duration.ofHours(3));
                    var swept = wal.sweep();
                }
                assertThat(digest(keys)).as("packed, own=" + own).isEqualTo(written);
            }
            assertThat(packed).isPositive();
            assertThat(merged).as("merged").isNotEmpty();
            assertThat(files(".pack")).isNotEmpty();
            Path copy = directory.resolve("copy" + own);
            try (StreamWal wal = StreamWal.open(root, (encrypted ? packing.encryption(MasterKeys.file(master)) : packing).build())) {
                wal.checkpoint(copy);
            }
            root = copy;
            assertThat(digest(keys)).as("checkpoint").isEqualTo(written);
        }
    }

    private String digestOf(String key, long timestampMillis, String header, String content) {
        root = directory.resolve(String.join("-", "log", key, String.valueOf(timestampMillis), header, content));
        try (StreamWal wal = StreamWal.open(root, options().build())) {
            long unused = wal.stream(key).append(timestampMillis, header.getBytes(UTF_8), content.getBytes(UTF_8)).position();
        }
        String line = digest().lines().toList().get(3);
        return line.substring(line.lastIndexOf(' '));
    }

    @Test
    void digest_keyTimeHeaderOrContentAnother_isAnother() {
        long time = START.toEpochMilli();
        assertThat(List.of(digestOf("a", time, "he", "ad"), digestOf("b", time, "he", "ad"), digestOf("a", time + 1, "he", "ad"),
                digestOf("a", time, "h", "ead"), digestOf("a", time, "he", "ae"), digestOf("a", time, "ha", "ad"))).doesNotHaveDuplicates();
    }

    @Test
    void digest_longStream_hasFewCheckpointsAtEvenDistances() throws IOException {
        try (StreamWal wal = StreamWal.open(root, options().build())) {
            for (int i = 0; i < 1_000; i++) {
                long unused = wal.stream("a").append(new byte[] {(byte) i}).position();
            }
        }
        List<Long> records = digest().lines().filter(line -> line.startsWith("at ")).map(line -> Long.parseLong(line.split(" ")[2])).toList();
        assertThat(records).containsExactly(64L, 128L, 192L, 256L, 320L, 384L, 448L, 512L, 576L, 640L, 704L, 768L, 832L, 896L, 960L, 1_000L);
        makeAnchor();
        assertThat(verified("a")).isEqualTo("unchanged 0");
    }

    @Test
    void verify_moreWasAppended_isUnchanged() throws IOException {
        write(options().build(), RECORDS);
        makeAnchor();
        write(options().build(), 10);
        CliRun run = CliRun.of("verify", root, "--anchor", anchor);
        assertThat(run.exit()).isZero();
        assertThat(run.lines()).hasSize(2);
        assertThat(run.lines().get(1)).matches("anchor of 2024-05-01T12:00:00Z, digest [0-9a-f]{64}: 2 streams unchanged");
    }

    @Test
    void verify_beginningExpired_checksTheRest() throws IOException {
        write(options().retention(Duration.ofHours(1)).build(), RECORDS);
        makeAnchor();
        try (StreamWal wal = StreamWal.open(root, options().retention(Duration.ofHours(1)).build())) {
            now = now.plus(Duration.ofMinutes(15));
            assertThat(wal.sweep().deletedSegments()).isNotZero();
        }
        assertThat(verified("a")).isEqualTo("partly expired 0");
        CliRun run = CliRun.of("verify", root, "--anchor", anchor);
        assertThat(run.out()).containsPattern("a: \\d+ records unchanged; the beginning was deleted, \\d+ records before position \\d+ can't be checked\n");
        Path last = files(".seg").stream().filter(file -> file.toString().contains("/b/")).reduce((x, y) -> y).orElseThrow();
        Files.delete(last);
        assertThat(verified("a")).isEqualTo("partly expired 1");
        assertThat(verified("b")).as("the rest is checked").startsWith("cut ");
    }

    @Test
    void verify_allExpiredOrGone_isSaid() throws IOException {
        write(options().retention(Duration.ofHours(1)).build(), RECORDS);
        makeAnchor();
        try (StreamWal wal = StreamWal.open(root, options().retention(Duration.ofHours(1)).build())) {
            now = now.plus(Duration.ofHours(5));
            long unused = wal.stream("a").append("again".getBytes(UTF_8)).position();
            var swept = wal.sweep();
        }
        assertThat(verified("a")).isEqualTo("expired 1");
        assertThat(verified("b")).matches("(gone|expired) 1");
    }

    @Test
    void verify_tailDeletedOrOldCopyPutBack_isCut() throws IOException {
        write(options().build(), RECORDS);
        Path old = directory.resolve("old");
        copy(root, old);
        write(options().build(), 10);
        makeAnchor();
        delete(root);
        copy(old, root);
        assertThat(CliRun.of("verify", root).exit()).as("checksums say nothing").isZero();
        assertThat(verified("a")).isEqualTo("cut 1");
        write(options().build(), 30);
        assertThat(verified("a")).as("the old copy went on").isEqualTo("altered 1");
    }

    @Test
    void verify_segmentsInTheMiddleDeleted_isAltered() throws IOException {
        write(options().build(), RECORDS);
        makeAnchor();
        List<Path> ofA = files(".seg").stream().filter(file -> file.toString().contains("/a/")).toList();
        Files.delete(ofA.get(ofA.size() / 2));
        assertThat(verified("a")).isEqualTo("altered 1");
        assertThat(verified("b")).isEqualTo("unchanged 1");
    }

    /** The same log but for one record, at each place: with right checksums, as it was written so. */
    @Test
    void verify_oneRecordIsAnother_tellsWhichPart() throws IOException {
        Random random = new Random(3);
        for (int run = 0; run < 8; run++) {
            int records = 1 + random.nextInt(60);
            int changed = random.nextInt(records);
            List<Long> positions = new ArrayList<>();
            for (boolean other : new boolean[] {false, true}) {
                root = directory.resolve("log" + run + other);
                now = START;
                positions.clear();
                try (StreamWal wal = StreamWal.open(root, options().build())) {
                    for (int i = 0; i < records; i++) {
                        now = now.plusSeconds(60);
                        byte[] content = {(byte) (other && i == changed ? i + 1 : i)};
                        positions.add(wal.stream("a").append(content).position());
                    }
                }
                if (!other) {
                    makeAnchor();
                    assertThat(verified("a")).isEqualTo("unchanged 0");
                }
            }
            CliRun verify = CliRun.of("verify", root, "--anchor", anchor, "--json");
            assertThat(verify.exit()).isEqualTo(Exit.FINDINGS.code());
            List<?> differences = (List<?>) verify.json().get(1).get("differences");
            assertThat(differences).hasSize(1);
            Map<?, ?> part = (Map<?, ?>) differences.get(0);
            assertThat((Long) part.get("from")).isLessThanOrEqualTo(positions.get(changed));
            assertThat((Long) part.get("to")).isGreaterThan(positions.get(changed));
            assertThat(part.get("then")).isEqualTo(part.get("now"));
        }
    }

    /** So that a program can compare it with the one that was kept. */
    @Test
    void verify_asJson_endsWithTheAnchorsDigest() throws IOException {
        write(options().build(), RECORDS);
        makeAnchor();
        List<String> lines = Files.readAllLines(anchor);
        List<Map<String, Object>> said = CliRun.of("verify", root, "--anchor", anchor, "--json").json();
        Map<String, Object> last = said.get(said.size() - 1);
        assertThat(lines.get(lines.size() - 1)).endsWith(String.valueOf(last.get("anchorDigest")));
        assertThat(lines).anyMatch(line -> line.contains(String.valueOf(last.get("anchorMadeAt"))));
    }

    @ParameterizedTest
    @ValueSource(ints = {30, RECORDS - 2})
    void verify_recordsErased_saysHowManyAreFewer(int fromMinute) throws IOException {
        write(options().build(), RECORDS);
        makeAnchor();
        try (StreamWal wal = StreamWal.open(root, options().build())) {
            Instant from = START.plus(Duration.ofMinutes(fromMinute + 1));
            assertThat(wal.erase(Keys.of(List.of("a")), from, from.plus(Duration.ofMinutes(2))).records()).isEqualTo(2);
        }
        write(options().build(), 1);
        assertThat(verified("a")).isEqualTo("altered 1");
        assertThat(CliRun.of("verify", root, "--anchor", anchor).out()).containsPattern("    from position \\d+ to \\d+: (16 records then, 14 now|4 records then, 2 now)\n");
    }

    @Test
    void digest_damagedRecord_isLeftOutAndSaid() throws IOException {
        WrittenLog log = new WrittenLog(Files.createDirectory(root));
        log.append("a", Duration.ofMinutes(48), Duration.ofMinutes(5));
        makeAnchor();
        log.damage(log.segments("a").get(0), Duration.ofMinutes(48));
        CliRun run = CliRun.of("digest", root);
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(run.err()).contains("checksum mismatch");
        assertThat(run.out()).contains(" 1 ");
        assertThat(verified("a")).isEqualTo("altered 1");
    }

    @Test
    void verify_whatIsNoAnchorOrCannotBeCombined_isRefused() throws IOException {
        write(options().build(), 1);
        Files.writeString(anchor, "nothing\n");
        CliRun run = CliRun.of("verify", root, "--anchor", anchor);
        assertThat(run.exit()).isEqualTo(Exit.FAILED.code());
        assertThat(run.err()).contains("not an anchor").doesNotContain("BadAnchorException");
        assertThat(run.out()).as("said before the log was read").isEmpty();
        assertThat(CliRun.of("verify", root, "--anchor", anchor.resolveSibling("none")).err())
                .isEqualTo("stream-wal: no such file: file=" + anchor.resolveSibling("none") + "; check its path\n");
        assertThat(CliRun.of("verify", root, "a", "--anchor", anchor).exit()).isEqualTo(Exit.USAGE.code());
        assertThat(CliRun.of("digest", root, "--json").json()).hasSize(3).last().satisfies(last -> assertThat(last).containsKey("anchor"));
    }
}
