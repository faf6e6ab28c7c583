package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.engine.Environment;
import dev.streamwal.engine.Storages;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A log without threads of its own, for tests in which everything happens in the same way twice. */
class WithoutThreadsTest {

    private static final int SEGMENT_BYTES = 8 << 10;

    @TempDir
    Path directory;

    private final ManualClock clock = new ManualClock(LogContract.NOW);
    private final Events events = new Events();
    private final List<Thread> listening = new ArrayList<>();

    private StreamWal open(String name, long seed) {
        WalOptions options = WalOptions.builder().clock(clock).window(Duration.ofMinutes(1)).retention(Duration.ofHours(1))
                .segmentBytes(SEGMENT_BYTES).sweepInterval(Duration.ofMillis(1)).storage(Storage.MAPPED).listener(new WalListener() {
                    @Override
                    public void onSealed(SealedSegment segment) {
                        listening.add(Thread.currentThread());
                        events.onSealed(segment);
                    }

                    @Override
                    public void onFailure(String task, Optional<String> stream, Throwable failure) {
                        events.onFailure(task, stream, failure);
                    }
                }).build();
        return StreamWal.open(directory.resolve(name), options, new Environment(() -> Optional.of("boot-1"), new Storages(options.storage().kind()),
                new Random(seed)::nextLong, false));
    }

    private static Set<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith("stream-wal-"))
                .collect(Collectors.toSet());
    }

    @Test
    void open_withoutThreads_startsNone() {
        Set<Thread> before = threads();
        try (StreamWal wal = open("log", 1)) {
            for (int i = 0; i < 1_000; i++) {
                wal.stream("a").append(new byte[50]);
            }
            wal.runBackground();
            assertThat(events.sealed).isNotEmpty();
            assertThat(threads()).isSubsetOf(before);
        }
        assertThat(listening).containsOnly(Thread.currentThread());
        assertThat(events.failures).isEmpty();
    }

    @Test
    void rotation_withoutThreads_leavesTheFooterToRunBackground() {
        try (StreamWal wal = open("log", 1)) {
            wal.stream("a").append(new byte[50]);
            clock.advance(Duration.ofMinutes(1));
            wal.stream("a").append(new byte[50]);
            assertThat(events.sealed).isEmpty();
            wal.runBackground();
            assertThat(events.sealed).hasSize(1);
        }
    }

    @Test
    void close_withoutThreads_writesOutstandingFooters() {
        StreamWal wal = open("log", 1);
        wal.stream("a").append(new byte[50]);
        clock.advance(Duration.ofMinutes(1));
        wal.stream("a").append(new byte[50]);
        wal.close();
        assertThat(events.sealed).hasSize(1);
    }
}
