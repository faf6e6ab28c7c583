package dev.streamwal.append;

import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.catalog.WriterView;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.BootId;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import dev.streamwal.recovery.DamagePolicy;
import dev.streamwal.recovery.KnownDurable;
import dev.streamwal.recovery.Quarantine;
import dev.streamwal.recovery.StreamRecovery;
import dev.streamwal.retention.StreamPolicy;
import dev.streamwal.storage.PositionsWriter;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The streams of a log without the log around them, so that a test can put a seam into their appends. */
final class SeamedLog implements AutoCloseable {

    /** The time that every append is given, and most timestamps. */
    static final long NOW = 1_767_225_600_000L;

    private static final long DAY = 86_400_000L;

    final Path root;
    final LogContext context;
    final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    final AtomicInteger sealed = new AtomicInteger();

    private final StreamPolicy policy;
    private final StreamDirectory directories;
    private final Map<String, StreamLog> streams = new ConcurrentHashMap<>();

    SeamedLog(Path root, SegmentStorage storage, int segmentBytes, @Nullable AppendSeam seam)
            throws IOException {
        this.root = root;
        this.directories = new StreamDirectory(root, new ChannelCache(1));
        this.policy = new StreamPolicy(DAY, 10_000 * DAY, segmentBytes, StreamPolicy.largestRecordBytes(segmentBytes), Long.MAX_VALUE);
        storage.createDirectory(directories.path());
        PositionsWriter positions = PositionsWriter.load(root, () -> true);
        StreamRecovery recovery = new StreamRecovery(storage, new Quarantine(storage, root, Quarantine.MAX_BYTES), new StreamRecovery.Terms(
                positions.open(BootId::ofThisMachine), KnownDurable.NOTHING, DamagePolicy.STOP_AT_FIRST_ERROR), (key, findings) -> {});
        this.context = new LogContext(storage, positions, recovery, new Events(), new StreamDirectories(names(directories.path()), directories::of),
                new SecureRandom()::nextLong, seam);
        context.start();
    }

    private static Set<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        }
    }

    /** An empty folder is made a log. */
    static void create(Path root) throws IOException {
        PositionsWriter positions = PositionsWriter.load(Files.createDirectories(root), () -> false);
        PositionsWriter.Opened unused = positions.open(BootId::ofThisMachine);
    }

    private final class Events implements LogEvents {
        @Override
        public long begins() {
            return 0;
        }

        @Override
        public void ended(String task, String key, long begun) {}

        @Override
        public void failed(String task, @Nullable String stream, Throwable failure) {
            failures.add(new AssertionError(task + ", stream=" + stream, failure));
        }

        @Override
        public void sealed(Path file, SegmentHeader header, long endPosition, long bytes) {
            sealed.incrementAndGet();
        }
    }

    StreamLog stream(String key) {
        return streams.computeIfAbsent(key, text -> new StreamLog(context, StreamKey.of(text), policy, SegmentChoice.AUTO));
    }

    /** Deletes all of a stream, as a log without a journal does. */
    static boolean delete(StreamLog stream) throws IOException {
        OptionalLong below = stream.condemnAll(Long.MAX_VALUE);
        if (below.isPresent()) {
            boolean unused = stream.deleteBelow(below.getAsLong(), gone -> {});
            stream.forgetIfDeleted();
        }
        return below.isPresent();
    }

    Path directory(String key) {
        return directories.of(StreamKey.of(key));
    }

    /** Appends at {@link #NOW}; returns the position. */
    long append(String key, Source header, Source content) {
        Draft draft = Draft.of(header, content, NOW);
        return stream(key).append(new AppendScratch(), draft, (int) draft.frameBytes(), NOW, StreamLog.ANY_END);
    }

    /** Appends a batch at {@link #NOW}; returns the first member's position. */
    long appendBatch(String key, List<Draft> drafts) {
        return stream(key).appendBatch(new AppendScratch(), drafts, (int) Draft.batchBytes(drafts), NOW, NOW);
    }

    /** A reader as the writing process has it. */
    WalReader reader() {
        return WalReader.open(root, ReaderOptions.builder().build(), new WriterView() {
            @Override
            public OptionalLong reservedEnd(String key) {
                long end = stream(key).reservedEnd();
                return end < 0 ? OptionalLong.empty() : OptionalLong.of(end);
            }

            @Override
            public boolean abandoned(String key, long position) {
                return stream(key).isAbandoned(position);
            }

            @Override
            public boolean unfinished(String key, long position) {
                return stream(key).isUnfinished(position);
            }
        });
    }

    /** Whether all that was mapped could be unmapped. */
    boolean closeAll() {
        context.refuseNewSegments();
        context.stop();
        boolean complete = true;
        for (StreamLog stream : streams.values()) {
            complete &= stream.close();
        }
        return complete;
    }

    @Override
    public void close() {
        boolean unused = closeAll();
    }
}
