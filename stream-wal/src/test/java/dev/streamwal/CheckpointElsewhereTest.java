package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import dev.streamwal.simulation.SimulatedDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A checkpoint to another file system, to which no link leads. */
class CheckpointElsewhereTest {

    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final int MAX_CALLS = 200;
    private static final List<String> KEYS = List.of("a", "b", "c");

    private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    Path directory;

    @Test
    void checkpoint_toAnotherFileSystem_packingGoesOnMeanwhileAndTheCopyHasEverything() throws IOException {
        Path root = directory.resolve("log");
        List<String> before = new ArrayList<>();
        int calls = 0;
        try (StreamWal wal = StreamWal.open(root, options())) {
            while (calls < MAX_CALLS && isCopiedWhilePacking(wal, before, calls + 1)) {
                calls++;
            }
            assertThat(foldersOfLinks(root)).isEmpty();
        }
        assertThat(calls).as("calls of the other file system").isBetween(10, MAX_CALLS - 1);
    }

    /** @return whether there were so many calls */
    private boolean isCopiedWhilePacking(StreamWal wal, List<String> before, int call) {
        SimulatedDisk other = new SimulatedDisk();
        Path target = other.path("/copy");
        boolean[] happened = {false};
        append(wal, before);
        other.meanwhile(call, () -> {
            happened[0] = true;
            // another thread: a lock that this one holds would let it pass
            CompletableFuture.runAsync(() -> {
                append(wal, new ArrayList<>());
                int unused = wal.pack();
            }).orTimeout(300, TimeUnit.SECONDS).join();
        });
        wal.checkpoint(target);
        other.meanwhile(0, null);
        assertThat(records(target)).as("packed before call %d", call).containsAll(before);
        return happened[0];
    }

    private void append(StreamWal wal, List<String> refs) {
        for (String key : KEYS) {
            refs.add(wal.stream(key).append(new byte[20]).toString());
        }
        now = now.plus(WINDOW);
    }

    private WalOptions options() {
        return WalOptions.builder().clock(() -> now).window(WINDOW).retention(Duration.ofDays(10)).segmentBytes(64 << 10).maxRecordBytes(1_000)
                .sweepInterval(Duration.ZERO).durability(Durability.BUFFERED).build();
    }

    private static List<String> records(Path log) {
        List<String> records = new ArrayList<>();
        try (WalReader reader = WalReader.open(log)) {
            for (String key : KEYS) {
                try (EntryCursor cursor = reader.scan(key)) {
                    while (cursor.next()) {
                        records.add(cursor.ref().toString());
                    }
                }
            }
        }
        return records;
    }

    /** @param folder of a checkpoint, or of a repair by the command line */
    @ParameterizedTest
    @ValueSource(strings = {".checkpoint-1/segments/a", ".repairing/log/segments/a"})
    void open_aProcessWasKilledThatHadAFolderHere_deletesIt(String folder) throws IOException {
        Path root = directory.resolve("log");
        try (StreamWal wal = StreamWal.open(root, options())) {
            append(wal, new ArrayList<>());
        }
        Path left = Files.createDirectories(root.resolve(folder));
        Files.write(left.resolve("1.seg"), new byte[1]);
        StreamWal.open(root, options()).close();
        assertThat(foldersOfLinks(root)).isEmpty();
    }

    private static List<Path> foldersOfLinks(Path root) {
        try (Stream<Path> files = Files.list(root)) {
            return files.filter(file -> file.getFileName().toString().startsWith(".")).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
