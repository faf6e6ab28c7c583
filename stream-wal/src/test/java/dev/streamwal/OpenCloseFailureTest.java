package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.commit.CommitTarget;
import dev.streamwal.engine.Environment;
import dev.streamwal.engine.Storages;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalClosedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An opening that fails, and a closing in which something fails, leave no thread and no lock. */
class OpenCloseFailureTest {

    @TempDir
    Path root;

    private final Events events = new Events();
    private Set<Thread> before = Set.of();

    @BeforeEach
    void lookAtThreads() {
        before = Thread.getAllStackTraces().keySet();
    }

    private WalOptions.Builder options() {
        return WalOptions.builder().storage(Storage.CHANNEL).listener(events);
    }

    private StreamWal open(WatchedStorages.Watch watch) {
        Storages storages = new WatchedStorages(Storage.CHANNEL.kind(), watch);
        return StreamWal.open(root, options().build(), new Environment(Optional::empty, storages, new SecureRandom()::nextLong, true));
    }

    private void assertNoThreadIsLeft() throws InterruptedException {
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (!before.contains(thread) && thread.getName().startsWith("stream-wal-")) {
                thread.join(TimeUnit.MINUTES.toMillis(5));
            }
        }
        Set<String> left = Thread.getAllStackTraces().keySet().stream().filter(thread -> !before.contains(thread)).map(Thread::getName)
                .filter(name -> name.startsWith("stream-wal-")).collect(Collectors.toSet());
        assertThat(left).isEmpty();
    }

    @Test
    void open_failsBehindAFailureThatIsTold_endsTheThreadThatTells() throws Exception {
        try (StreamWal wal = StreamWal.open(root, options().build())) {
            wal.stream("a").append(new byte[100]);
        }
        Files.createFile(root.resolve("cursors"));
        Files.write(root.resolve("positions"), new byte[100]);
        WalOptions retaining = options().streams("*", StreamOptions.builder().retainFor("consumer", 1 << 20, Duration.ofDays(1)).build()).build();
        assertThatThrownBy(() -> StreamWal.open(root, retaining)).isInstanceOf(CorruptSegmentException.class);
        assertThat(events.failures).extracting(Events.Failure::task).containsExactly("note the consumers that segments are kept for");
        assertNoThreadIsLeft();
    }

    @Test
    void open_memoryEndsWhileTheLogIsBroughtInOrder_canBeTriedAgain() throws Exception {
        try (StreamWal wal = StreamWal.open(root, options().ownSegments(0).build())) {
            wal.stream("a").append(new byte[100]);
        }
        assertThatThrownBy(() -> open((operation, path) -> {
            if (operation.equals("read") && path.toString().endsWith(".seg")) {
                throw new OutOfMemoryError("injected");
            }
        })).isInstanceOf(OutOfMemoryError.class);
        assertNoThreadIsLeft();
        try (StreamWal wal = StreamWal.open(root, options().build())) {
            assertThat(wal.stream("a").endPosition()).isPositive();
        }
    }

    /** As of a mapping whose pages the disk doesn't give. */
    @Test
    void close_anErrorWhileOneStreamIsClosed_closesTheOthersAndReleasesTheLock() throws Exception {
        AtomicBoolean isClosing = new AtomicBoolean();
        StreamWal wal = open((operation, path) -> {
            if (isClosing.get() && operation.equals("write") && path.toString().contains("broken")) {
                throw new InternalError("injected");
            }
        });
        for (String key : List.of("a", "broken", "c")) {
            for (int i = 0; i < 3; i++) {
                wal.stream(key).append(new byte[100]);
            }
        }
        wal.sync();
        isClosing.set(true);
        wal.close();
        assertThat(events.failures).extracting(Events.Failure::task).containsExactly("close");
        assertNoThreadIsLeft();
        try (StreamWal again = StreamWal.open(root, options().build())) {
            assertThat(again.keys()).containsExactly("a", "broken", "c");
        }
    }

    @Test
    void durable_theLogIsClosedBehindAnAppend_saysThatItWasAppended() {
        StreamWal wal = StreamWal.open(root, options().build());
        WalStream stream = wal.stream("a");
        stream.append(new byte[9]);
        List<CommitTarget> targets = List.of(new CommitTarget(stream.log().cursor(), Long.MAX_VALUE));
        wal.close();
        assertThatThrownBy(() -> wal.acknowledgement().await(targets, "a")).isInstanceOf(WalClosedException.class)
                .hasMessageStartingWith("appended, but not known to be durable: the log was closed before the flush ended: root=" + root + ", stream=a");
        assertThatThrownBy(() -> stream.append(new byte[9])).isInstanceOf(WalClosedException.class).hasMessageStartingWith("the log is closed");
        assertThat(wal.acknowledgement().later(targets, null, "a")).isCompletedExceptionally();
    }
}
