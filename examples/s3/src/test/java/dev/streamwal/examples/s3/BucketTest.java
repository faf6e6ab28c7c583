package dev.streamwal.examples.s3;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.error.TierUnavailableException;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A tier in a bucket of a server of S3's protocol, by the provider that AWS makes. What the log does where a tier fails in other ways is tested with the log. */
@Tag("long")
@Timeout(300)
class BucketTest {

    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
    private static final int HOURS = 24;

    @TempDir
    private static Path serversFolder;

    private static BucketServer server;

    @TempDir
    private Path folder;

    private final AtomicReference<Instant> now = new AtomicReference<>(BEGIN);

    @BeforeAll
    static void startServer() throws Exception {
        BucketReads.tune();
        BucketServer.tellItsClients();
        server = new BucketServer(serversFolder);
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    /** The program as its Javadoc says, in a process of its own. */
    @Test
    void month_isReadWithTheLogAndWithTheBucketAlone() throws Exception {
        Path output = folder.resolve("output");
        List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow(), "-cp", System.getProperty("java.class.path")));
        BucketServer.settings().forEach((name, value) -> command.add("-D" + name + "=" + value));
        command.addAll(List.of(MonthInBucket.class.getName(), folder.resolve("log").toString(), server.uri("month")));
        Process program = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
        program.getOutputStream().close();
        assertThat(program.waitFor(300, TimeUnit.SECONDS)).isTrue();

        assertThat(Files.readAllLines(output)).as("output").contains(
                "with the log: readings of one meter in an hour of the second day: 4",
                "with the bucket alone: readings of one meter in an hour of the second day: 4");
        assertThat(server.objects("month", ".pack")).as("spans of eleven days that are over").hasSize(2);
    }

    @Test
    void everyRecord_isTheSameFromTheLogAndFromTheBucketAlone() {
        Path tier = server.tier("same");
        try (StreamWal wal = open(tier)) {
            fill(wal);
            assertThat(wal.moveToTier()).isPositive();
            assertThat(wal.stats().tieredPacks()).isEqualTo(server.objects("same", ".pack").size());
            assertThat(read(wal.reader(), "meter/3")).isEqualTo(expected(3, HOURS));
        }
        try (WalReader reader = WalReader.open(folder.resolve("log"), ReaderOptions.builder().tier(tier).build());
                WalReader alone = WalReader.openTier(tier)) {
            for (int meter = 0; meter < 10; meter++) {
                assertThat(read(reader, "meter/" + meter)).isEqualTo(expected(meter, HOURS));
                List<String> inBucket = read(alone, "meter/" + meter);
                assertThat(inBucket).isNotEmpty().isEqualTo(expected(meter, inBucket.size()));
            }
        }
    }

    @Test
    void bucketAway_appendsGoOn_readingSaysSo_andNothingIsLostOrLeftBehind() throws Exception {
        Path tier = server.tier("away");
        List<Path> before = filesOfTheProvider();
        try (StreamWal wal = open(tier)) {
            fill(wal);
            assertThat(wal.moveToTier()).isPositive();
            server.stop();
            try (WalReader reader = WalReader.open(folder.resolve("log"), ReaderOptions.builder().tier(tier).build())) {
                assertThatThrownBy(() -> read(reader, "meter/3")).isInstanceOf(TierUnavailableException.class).hasMessageContaining("tier=s3x://127.0.0.1");
                wal.stream("meter/3").append(now.get().toEpochMilli(), content(3, HOURS).getBytes(UTF_8));
                assertThat(reader.latest("meter/3")).isPresent();
            } finally {
                server.start();
            }
            now.set(BEGIN.plus(Duration.ofHours(2L * HOURS)));
            assertThat(wal.pack()).isPositive();
            server.takeBucketAway();
            assertThatThrownBy(wal::moveToTier).isInstanceOf(TierUnavailableException.class);
            server.giveBucketBack();
            assertThat(wal.moveToTier()).isPositive();
            assertThat(read(wal.reader(), "meter/3")).isEqualTo(expected(3, HOURS + 1));
        }
        assertThat(filesOfTheProvider()).as("files on the way to the bucket").isSubsetOf(before);
    }

    @Test
    void objectChanged_isNeverRead() throws IOException {
        Path tier = server.tier("changed");
        try (StreamWal wal = open(tier)) {
            fill(wal);
            assertThat(wal.moveToTier()).isPositive();
        }
        Path object = server.objects("changed", ".pack").get(0);
        byte[] bytes = Files.readAllBytes(object);
        bytes[bytes.length / 8] ^= 1;
        Files.write(object, bytes);
        try (WalReader reader = WalReader.open(folder.resolve("log"), ReaderOptions.builder().tier(tier).build())) {
            assertThatThrownBy(() -> IntStream.range(0, 10).forEach(meter -> assertThat(read(reader, "meter/" + meter)).isEqualTo(expected(meter, HOURS))))
                    .isInstanceOf(TierUnavailableException.class).hasMessageContaining("other bytes");
        }
    }

    /** What has expired leaves the bucket, too. */
    @Test
    void expired_isDeletedFromTheBucket() {
        Path tier = server.tier("expired");
        try (StreamWal wal = open(tier)) {
            fill(wal);
            assertThat(wal.moveToTier()).isPositive();
            now.set(BEGIN.plus(Duration.ofDays(90)));
            assertThat(wal.sweep().deletedSegments()).isPositive();
            int unused = wal.moveToTier();
        }
        assertThat(server.objects("expired", ".pack")).isEmpty();
    }

    // ---------------------------------------------------------------- a log of ten meters

    private StreamWal open(Path tier) {
        return StreamWal.open(folder.resolve("log"), WalOptions.builder().window(Duration.ofHours(1)).retention(Duration.ofDays(30)).tier(tier)
                .tierAfter(Duration.ofHours(2)).sweepInterval(Duration.ZERO).clock(now::get).build());
    }

    private void fill(StreamWal wal) {
        for (int hour = 0; hour < HOURS; hour++) {
            now.set(BEGIN.plus(Duration.ofHours(hour)));
            for (int meter = 0; meter < 10; meter++) {
                wal.stream("meter/" + meter).append(now.get().toEpochMilli(), content(meter, hour).getBytes(UTF_8));
            }
        }
        now.set(BEGIN.plus(Duration.ofHours(HOURS)));
        assertThat(wal.pack()).isPositive();
    }

    private static String content(int meter, int hour) {
        return hour == HOURS ? Integer.toString(hour) : meter + " at " + hour;
    }

    private static List<String> expected(int meter, int records) {
        return IntStream.range(0, records).mapToObj(hour -> content(meter, hour)).toList();
    }

    private static List<String> read(WalReader reader, String key) {
        List<String> contents = new ArrayList<>();
        try (EntryCursor cursor = reader.scan(key)) {
            while (cursor.next()) {
                contents.add(cursor.content().toString(UTF_8));
            }
        }
        return contents;
    }

    /** What is in the folders that the provider has made for files on the way to a bucket. */
    private static List<Path> filesOfTheProvider() throws IOException {
        List<Path> left = new ArrayList<>();
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(Path.of(System.getProperty("java.io.tmpdir")), "aws-s3-nio-*")) {
            for (Path each : folders) {
                try (Stream<Path> files = Files.walk(each)) {
                    files.filter(Files::isRegularFile).forEach(left::add);
                }
            }
        }
        return left;
    }
}
