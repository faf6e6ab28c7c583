package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.streamwal.engine.Environment;
import dev.streamwal.error.DiskFullException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is left of segments that can't be made, or can't get their footers, as on a full disk. */
class FailedSegmentsTest {

    private static final Path OPEN_FILES = Path.of("/proc/self/fd");
    private static final int STREAMS = 20;

    @TempDir
    Path root;

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
    private final AtomicBoolean isFull = new AtomicBoolean();

    private StreamWal open(Storage storage) {
        WalOptions options = WalOptions.builder().window(Duration.ofHours(1)).clock(now::get).sweepInterval(Duration.ZERO).storage(storage)
                .streams("*", StreamOptions.builder().segments(Segments.OWN).build()).build();
        WatchedStorages storages = new WatchedStorages(options.storage().kind(), (operation, path) -> {
            if (operation.equals("write") && isFull.get()) {
                throw new IOException("No space left on device");
            }
            if (operation.equals("delete") && isFull.get()) {
                throw new IOException("file can't be deleted either");
            }
        });
        return StreamWal.open(root, options, new Environment(Optional::empty, storages, new SecureRandom()::nextLong, false));
    }

    /** The first failure says what to do. */
    @ParameterizedTest
    @EnumSource(names = {"MAPPED", "CHANNEL"})
    void append_segmentCanBeNeitherMadeNorDeleted_saysWhyItCantBeMade(Storage storage) {
        try (StreamWal wal = open(storage)) {
            isFull.set(true);
            assertThatThrownBy(() -> wal.stream("s").append(new byte[100])).isInstanceOf(DiskFullException.class);
            isFull.set(false);
            assertThat(wal.stream("s").append(new byte[100]).position()).isZero();
        }
    }

    /** There may be very many of them, and each would keep a descriptor. */
    @ParameterizedTest
    @EnumSource(names = {"MAPPED", "CHANNEL"})
    void sweep_noFooterCanBeWritten_keepsNoFileOpen(Storage storage) throws IOException {
        assumeThat(OPEN_FILES).exists();
        try (StreamWal wal = open(storage)) {
            for (int i = 0; i < STREAMS; i++) {
                wal.stream("s" + i).append(new byte[100]);
            }
            isFull.set(true);
            for (int hours = 1; hours <= 3; hours++) {
                now.set(now.get().plus(Duration.ofHours(1)));
                wal.sweep();
                wal.runBackground();
            }
            assertThat(openSegments()).isZero();
            assertThat(wal.health().state()).isEqualTo(WalHealth.State.DEGRADED);
            isFull.set(false);
            wal.sweep();
            wal.runBackground();
            assertThat(wal.activity().sealedSegments()).isEqualTo(STREAMS);
            assertThat(wal.health().state()).isEqualTo(WalHealth.State.OK);
        }
    }

    private long openSegments() throws IOException {
        long open = 0;
        try (DirectoryStream<Path> links = Files.newDirectoryStream(OPEN_FILES)) {
            for (Path link : links) {
                open += isSegment(link) ? 1 : 0;
            }
        }
        return open;
    }

    private boolean isSegment(Path link) {
        try {
            return Files.readSymbolicLink(link).startsWith(root.resolve("segments"));
        } catch (IOException e) {
            // closed meanwhile
            return false;
        }
    }
}
