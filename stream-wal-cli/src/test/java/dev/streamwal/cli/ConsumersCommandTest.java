package dev.streamwal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConsumersCommandTest {

    private static final Duration[] RECORDS = {Duration.ofMinutes(25), Duration.ofMinutes(14), Duration.ofMinutes(3)};

    /** Of each of them. */
    private static final int FRAME_BYTES = 48;

    @TempDir
    private Path root;

    private WrittenLog log;

    @BeforeEach
    void write() {
        log = new WrittenLog(root);
        log.append("cpu/a", RECORDS);
        log.append("cpu/b", RECORDS);
        log.append("mem", RECORDS);
        try (WalReader reader = reader();
                WalConsumer shipper = reader.consumer("shipper", Keys.prefix("cpu/"));
                WalConsumer alarm = reader.consumer("alarm", Keys.key("mem"))) {
            shipper.commit("cpu/a", FRAME_BYTES);
            alarm.commit("mem", reader.describe("mem").orElseThrow().endPosition());
        }
    }

    private WalReader reader() {
        return WalReader.open(root, ReaderOptions.builder().clock(InstantSource.fixed(CliRun.NOW.minus(Duration.ofSeconds(90)))).build());
    }

    @Test
    void consumers_areListed() throws IOException {
        Map<String, String> before = log.files();
        assertThat(CliRun.of("consumers", root).out()).isEqualTo("""
                NAME     READS  STREAMS  BEHIND  LOST  LAST COMMIT                   AGO
                alarm    mem          1     0 B   0 B  2024-05-01T11:58:30.000Z  1.5 min
                shipper  cpu/*        2   240 B   0 B  2024-05-01T11:58:30.000Z  1.5 min
                """);
        assertThat(CliRun.of("consumers", root, "shipper").out()).isEqualTo("""
                NAME     KEY         COMMITTED             END  BEHIND  LOST
                shipper  cpu/a              48             144    96 B   0 B
                shipper  cpu/b  68,719,476,736  68,719,476,880   144 B   0 B
                """);
        assertThat(log.files()).as("they are only read").isEqualTo(before);
    }

    @Test
    void consumers_json() throws IOException {
        List<Map<String, Object>> found = CliRun.of("consumers", root, "--json").json();
        assertThat(found).hasSize(2);
        assertThat(found.get(0)).containsEntry("name", "alarm").containsEntry("keys", "key(\"mem\")")
                .containsEntry("behindBytes", 0L).containsEntry("lastCommit", "2024-05-01T11:58:30.000Z");
        assertThat(found.get(1)).containsEntry("name", "shipper").containsEntry("keys", "prefix(\"cpu/\")").containsEntry("losingStreams", 0L);
        assertThat((List<?>) found.get(1).get("streams")).hasSize(2);
    }

    /** A program that keeps segments for consumers. */
    private void declare(String... consumers) {
        StreamOptions.Builder kept = StreamOptions.builder();
        List.of(consumers).forEach(consumer -> kept.retainFor(consumer, 1 << 30, Duration.ofDays(365)));
        StreamWal.open(root, LogOptions.of(InstantSource.fixed(CliRun.NOW)).streams("cpu/*", kept.build()).build()).close();
    }

    @Test
    void declaredConsumers_areListedUntilTheyCome() throws IOException {
        String longName = "n".repeat(1_000);
        declare("shipper", "archive", longName);
        Map<String, String> before = log.files();
        assertThat(before.keySet()).filteredOn(file -> file.endsWith(".declared")).hasSize(2);
        List<String> lines = CliRun.of("consumers", root).lines();
        assertThat(lines).hasSize(5);
        assertThat(lines.get(2)).matches("archive +- +- +- +- +not opened +-");
        assertThat(lines.get(3)).matches(longName + " +- +- +- +- +not opened +-");
        CliRun one = CliRun.of("consumers", root, "archive");
        assertThat(one.lines().get(1)).matches("archive +- +- +- +not opened +-");
        assertThat(one.exit()).isZero();
        assertThat(CliRun.of("consumers", root, "archive", "--json").json()).containsExactly(Map.of("name", "archive", "opened", false));
        assertThat(CliRun.of("consumers", root, "archive", "--reset", "end").exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(log.files()).as("they are only read").isEqualTo(before);
        try (WalReader reader = reader()) {
            reader.consumer("archive", Keys.prefix("cpu/")).close();
        }
        assertThat(CliRun.of("consumers", root).lines().get(2)).startsWith("archive  ").contains("cpu/*");
    }

    /** As bad sectors do. */
    @Test
    void consumers_whereAFileOrAStreamCannotBeRead_showsTheOthers() throws IOException {
        Path segment = log.segments("mem").get(2);
        Files.delete(segment);
        Files.createDirectory(segment);
        for (CliRun run : List.of(CliRun.of("consumers", root), CliRun.of("consumers", root, "alarm", "shipper"))) {
            assertThat(run.exit()).as(run.err()).isEqualTo(Exit.FAILED.code());
            assertThat(run.err().lines()).singleElement().asString().contains("/segments/mem/");
            assertThat(run.out()).contains("\nshipper ");
        }
    }

    @Test
    void consumers_whereOneFileIsDamaged_showsTheOthers() throws IOException {
        try (WalReader reader = reader()) {
            reader.consumer("alpha", Keys.prefix("cpu/")).close();
            reader.consumer("beta", Keys.prefix("cpu/")).close();
        }
        try (Stream<Path> files = Files.list(root.resolve("cursors"))) {
            Path alpha = files.filter(file -> file.getFileName().toString().matches("alpha.*\\.cursor")).findFirst().orElseThrow();
            byte[] bytes = Files.readAllBytes(alpha);
            bytes[0] ^= 1;
            Files.write(alpha, bytes);
        }
        CliRun run = CliRun.of("consumers", root);
        assertThat(run.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(run.err()).contains("alpha");
        assertThat(run.lines()).anyMatch(line -> line.startsWith("beta ")).noneMatch(line -> line.startsWith("alpha "));
    }

    /** Another program opens the log with its own options, and must not forget what the first one keeps. */
    @Test
    void declaredConsumer_isRemovedByName_notByAnotherWriter() {
        declare("archive");
        log.open().close();
        assertThat(CliRun.of("sweep", root).exit()).isZero();
        assertThat(CliRun.of("consumers", root).lines().get(2)).startsWith("archive ").contains("not opened");
        assertThat(CliRun.of("consumers", root, "archive", "--remove").out()).isEqualTo("removed archive\n");
        assertThat(CliRun.of("consumers", root, "archive", "--remove").exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(CliRun.of("consumers", root).lines()).hasSize(3);
        declare("archive");
        assertThat(CliRun.of("consumers", root).lines()).hasSize(4);
    }

    /** Segments are kept for it as before. */
    @Test
    void declaredConsumer_isRemoved_isListedAsNotOpened() {
        declare("archive");
        try (WalReader reader = reader()) {
            reader.consumer("archive", Keys.prefix("cpu/")).close();
        }
        assertThat(CliRun.of("consumers", root, "archive", "--remove").exit()).isZero();
        assertThat(CliRun.of("consumers", root).lines().get(2)).startsWith("archive ").contains("not opened");
    }

    @Test
    void whatIsDeletedBeforeItWasCommitted_isLost() throws IOException {
        assertThat(CliRun.of("purge", root, "cpu/*", "--before", "-10m").exit()).isZero();
        assertThat(CliRun.of("consumers", root).out()).isEqualTo("""
                NAME     READS  STREAMS  BEHIND  LOST  LAST COMMIT                   AGO
                alarm    mem          1     0 B   0 B  2024-05-01T11:58:30.000Z  1.5 min
                shipper  cpu/*        2    96 B  in 2  2024-05-01T11:58:30.000Z  1.5 min
                """);
        assertThat(CliRun.of("consumers", root, "shipper").out()).isEqualTo("""
                NAME     KEY         COMMITTED             END  BEHIND                              LOST
                shipper  cpu/a              48             144    48 B                          48 to 96
                shipper  cpu/b  68,719,476,736  68,719,476,880    48 B  68,719,476,736 to 68,719,476,832
                """);
        assertThat(CliRun.of("consumers", root, "shipper", "--json").json().get(0)).containsEntry("losingStreams", 2L);
    }

    @Test
    void committedStreamThatWasDeletedAndComesAgain_hasLostNothing() {
        try (StreamWal wal = log.open()) {
            wal.delete("mem");
            wal.stream("mem").append(new byte[8]);
        }
        List<String> lines = CliRun.of("consumers", root).lines();
        assertThat(lines.get(1)).startsWith("alarm    mem          1    40 B   0 B");
    }

    @Test
    void reset_commitsTheBeginningOrTheEnd() {
        assertThat(CliRun.of("consumers", root, "shipper", "--reset", "end").exit()).isZero();
        assertThat(CliRun.of("consumers", root).lines().get(2)).startsWith("shipper  cpu/*        2     0 B");
        try (WalReader reader = reader(); WalConsumer shipper = reader.consumer("shipper", Keys.prefix("cpu/"))) {
            assertThat(shipper.entries().next()).isFalse();
        }
        assertThat(CliRun.of("consumers", root, "shipper", "--reset", "begin").exit()).isZero();
        try (WalReader reader = reader(); WalConsumer shipper = reader.consumer("shipper", Keys.prefix("cpu/"))) {
            int count = 0;
            while (shipper.entries().next()) {
                count++;
            }
            assertThat(count).isEqualTo(6);
        }
    }

    @Test
    void remove_besideAWriter() {
        try (StreamWal wal = log.open()) {
            assertThat(CliRun.of("consumers", root, "alarm", "--remove").out()).isEqualTo("removed alarm\n");
            assertThat(CliRun.of("consumers", root, "--json").lines()).hasSize(1);
            assertThat(wal.keys()).hasSize(3);
        }
        CliRun again = CliRun.of("consumers", root, "alarm", "--remove");
        assertThat(again.err()).isEqualTo("stream-wal: no consumer has this name: name=alarm; stream-wal consumers LOG lists them\n");
        assertThat(again.exit()).isEqualTo(Exit.FINDINGS.code());
        assertThat(CliRun.of("consumers", root, "alarm").exit()).isEqualTo(Exit.FINDINGS.code());
    }

    @Test
    void open_isLocked() {
        try (WalReader reader = reader(); WalConsumer alarm = reader.consumer("alarm", Keys.key("mem"))) {
            assertThat(CliRun.of("consumers", root, "alarm", "--remove").exit()).isEqualTo(Exit.LOCKED.code());
            assertThat(CliRun.of("consumers", root, "alarm", "--reset", "begin").exit()).isEqualTo(Exit.LOCKED.code());
            assertThat(alarm.committed("mem").orElseThrow()).isPositive();
        }
    }

    @Test
    void nonsense_isRefused() {
        assertThat(CliRun.of("consumers", root, "--remove").exit()).isEqualTo(Exit.USAGE.code());
        assertThat(CliRun.of("consumers", root, "--reset", "end").exit()).isEqualTo(Exit.USAGE.code());
        assertThat(CliRun.of("consumers", root, "alarm", "--remove", "--reset", "end").exit()).isEqualTo(Exit.USAGE.code());
        assertThat(CliRun.of("consumers", root, "alarm", "--reset", "middle").exit()).isEqualTo(Exit.USAGE.code());
        assertThat(CliRun.of("consumers", root.resolve("nowhere")).exit()).isEqualTo(Exit.FAILED.code());
    }
}
