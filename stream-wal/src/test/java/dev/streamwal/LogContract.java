package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.catalog.PositionsReader;
import dev.streamwal.engine.Environment;
import dev.streamwal.format.Positions;
import dev.streamwal.format.PositionsLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.journal.FrontierFile;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;

/**
 * What all behaviour tests share: a home for the log, a clock that stands still, and options with which nothing happens by itself. Each
 * test runs in three homes: mapped and by channel on the machine's disk, and by channel in memory.
 */
abstract class LogContract {

    /** When every test begins: a multiple of the window. */
    static final long NOW = Instant.parse("2026-03-01T12:00:00Z").toEpochMilli();
    static final long MINUTE = Duration.ofMinutes(1).toMillis();
    static final Duration WINDOW = Duration.ofMinutes(10);
    static final Duration RETENTION = Duration.ofHours(1);
    static final int SEGMENT_BYTES = 64 << 10;
    /** More than what makes a stream mapped, where there are mappings. */
    static final int MANY = 40;

    static final Supplier<Optional<String>> THIS_BOOT = () -> Optional.of("boot-1");
    static final Supplier<Optional<String>> NEXT_BOOT = () -> Optional.of("boot-2");

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    final LogHome home;
    final ManualClock clock = new ManualClock(NOW);
    final Events events = new Events();
    final Path root;
    private final List<AutoCloseable> opened = new ArrayList<>();
    private boolean failuresExpected;

    LogContract(LogHome home) {
        this.home = home;
        this.root = home.root();
    }

    @AfterEach
    void closeAll() throws Exception {
        try {
            for (int i = opened.size() - 1; i >= 0; i--) {
                opened.get(i).close();
            }
            if (!failuresExpected) {
                assertThat(heard().failures).as("failures in the background").isEmpty();
            }
        } finally {
            home.close();
        }
    }

    /** What the listener has heard, when it has heard everything that happened so far. */
    Events heard() {
        for (AutoCloseable resource : opened) {
            if (resource instanceof StreamWal wal) {
                wal.awaitListener();
            }
        }
        return events;
    }

    /** For tests that make background work fail. */
    void expectFailures() {
        failuresExpected = true;
    }

    WalOptions.Builder options() {
        return WalOptions.builder()
                .storage(home.storage())
                .clock(clock)
                .listener(events)
                .window(WINDOW)
                .retention(RETENTION)
                .segmentBytes(SEGMENT_BYTES)
                .sweepInterval(Duration.ZERO);
    }

    /** A footer isn't forced: a loss of power may take it and leave later ones. */
    static void loseFooter(Path segment) throws IOException {
        try (FileChannel file = FileChannel.open(segment, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer footerBytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            assertThat(file.read(footerBytes, file.size() - Long.BYTES)).isEqualTo(Long.BYTES);
            FileChannel unused = file.truncate(file.size() - footerBytes.getLong(0));
        }
    }

    /** Closed after the test, unless the test does. */
    StreamWal open() {
        return open(options());
    }

    StreamWal open(WalOptions.Builder options) {
        return open(options, THIS_BOOT);
    }

    /** As on a machine that was started with this id. */
    StreamWal open(WalOptions.Builder options, Supplier<Optional<String>> bootId) {
        WalOptions built = options.build();
        return closing(StreamWal.open(root, built, Environment.ofThisMachine(built.storage().kind()).withBootId(bootId)));
    }

    /** As if every writer before had been killed. */
    void forgetThatItWasClosed() {
        try {
            Positions left = PositionsReader.read(root).orElseThrow();
            Positions killed = new Positions(left.sequence(), left.ceiling(), left.start(), left.incarnation(), left.bootId(),
                    left.bootIncarnation(), 0, 0);
            ByteBuffer slots = ByteBuffer.allocate(PositionsLayout.SLOTS * PositionsLayout.SLOT_BYTES);
            for (Positions slot : List.of(killed, killed.withSequence(left.sequence() + 1))) {
                slots.put((int) PositionsLayout.offset(slot), PositionsLayout.encode(slot), 0, PositionsLayout.USED_BYTES);
            }
            Files.write(root.resolve(PositionsLayout.FILE_NAME), slots.array());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void loseJournal() {
        try (Stream<Path> files = Files.list(FrontierFile.path(root).getParent())) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A reader that knows nothing of the writer, as in another process. */
    WalReader reader() {
        return closing(WalReader.open(root));
    }

    WalReader readerOf(StreamWal wal) {
        return closing(wal.reader());
    }

    <T extends AutoCloseable> T closing(T resource) {
        opened.add(resource);
        return resource;
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Content of a size, which differs from place to place. */
    static byte[] bytes(int size, int seed) {
        byte[] content = new byte[size];
        new Random(seed).nextBytes(content);
        return content;
    }

    /** Appends so many small records at the clock's time. */
    List<Written> appendSome(WalStream stream, int count) {
        return appendSome(stream, count, 50);
    }

    List<Written> appendSome(WalStream stream, int count, int contentBytes) {
        List<Written> written = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] content = bytes(contentBytes, i);
            written.add(Written.of(stream.append(content), clock.millis(), content));
        }
        return written;
    }

    static <T> List<T> joined(List<T> first, List<T> second) {
        return Stream.concat(first.stream(), second.stream()).toList();
    }

    /** Read from within the process, from without, and, once the log is closed and open again, in both ways once more. */
    void assertHoldsEverywhere(StreamWal wal, String key, List<Written> expected) {
        assertHoldsNow(wal, key, expected);
        wal.close();
        try (WalReader reader = WalReader.open(root)) {
            Written.assertHolds(reader, key, expected);
        }
        try (StreamWal reopened = open()) {
            assertHoldsNow(reopened, key, expected);
        }
    }

    void assertHoldsNow(StreamWal wal, String key, List<Written> expected) {
        try (WalReader within = wal.reader();
                WalReader without = WalReader.open(root)) {
            Written.assertHolds(within, key, expected);
            Written.assertHolds(without, key, expected);
        }
    }

    /** These streams, and no others, with all their records and no damage, in every way of reading. */
    void assertAllHold(StreamWal wal, Map<String, List<Written>> expected) {
        expected.forEach((key, records) -> assertHoldsNow(wal, key, records));
        assertAreAll(wal, expected.keySet());
    }

    /** These streams, and no others, without damage. */
    void assertAreAll(StreamWal wal, Set<String> keys) {
        try (WalReader within = wal.reader(); WalReader without = WalReader.open(root)) {
            for (WalReader reader : List.of(within, without)) {
                assertThat(reader.keys()).containsExactlyElementsOf(new TreeSet<>(keys));
                keys.forEach(key -> assertThat(reader.verify(key).damage()).as(key).isEmpty());
            }
        }
        assertThat(wal.keys()).containsExactlyElementsOf(new TreeSet<>(keys));
    }

    /** Every record begins where the one before ends. */
    static void assertContiguous(List<Written> records) {
        for (int i = 1; i < records.size(); i++) {
            EntryRef previous = records.get(i - 1).ref();
            assertThat(records.get(i).ref().position()).as("position of record " + i).isEqualTo(previous.end());
        }
    }

    /** The stream's segment files, in order of position. */
    List<Path> segmentsOf(String key) {
        return segmentsIn(root.resolve("segments").resolve(StreamKey.of(key).directoryName()));
    }

    static List<Path> segmentsIn(Path directory) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().endsWith(".seg")).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for what another thread is to do; fails where it doesn't. */
    static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waiting for: " + what).isLessThan(deadline);
            LockSupport.parkNanos(200_000);
        }
    }

    /** Of a sweep by a clock that is believed, with nothing held for consumers. */
    static SweepResult result(int deleted, int failed, int live, long bytesReclaimed) {
        return new SweepResult(new SweepResult.Fields(deleted, failed, live, bytesReclaimed, 0, 0, 0));
    }

    void awaitSealed(int segments) {
        await(segments + " sealed segments", () -> heard().sealed.size() >= segments);
    }
}
