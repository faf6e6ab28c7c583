package dev.streamwal.append;

import dev.streamwal.format.Positions;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.recovery.DamagePolicy;
import dev.streamwal.recovery.KnownDurable;
import dev.streamwal.recovery.Quarantine;
import dev.streamwal.recovery.StreamRecovery;
import dev.streamwal.retention.StreamPolicy;
import dev.streamwal.storage.PositionsWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One stream in memory, with nobody in the background: what the stress tests of whole appends act on. */
class StressState {

    static final long NOW = 1_767_225_600_000L;
    static final int SEGMENT_BYTES = 8 << 10;
    private static final long DAY = 86_400_000L;
    private static final Path ROOT = Path.of("a-folder-that-is-not-there");

    private static final SecureRandom SALTS = new SecureRandom();
    private static final PositionsWriter POSITIONS = positions();

    final MemoryStorage storage = new MemoryStorage();
    final LogContext context;
    final StreamLog stream;

    StressState() {
        StreamRecovery recovery = new StreamRecovery(storage, new Quarantine(storage, ROOT, Quarantine.MAX_BYTES), new StreamRecovery.Terms(
                new PositionsWriter.Opened(Positions.NEW.withNextIncarnation("")), KnownDurable.NOTHING, DamagePolicy.STOP_AT_FIRST_ERROR),
                (key, findings) -> {});
        context = new LogContext(storage, POSITIONS, recovery, new NoEvents(), new StreamDirectories(Set.of(), key -> ROOT), SALTS::nextLong);
        StreamPolicy policy = new StreamPolicy(DAY, DAY, SEGMENT_BYTES, StreamPolicy.largestRecordBytes(SEGMENT_BYTES), Long.MAX_VALUE);
        stream = new StreamLog(context, StreamKey.of("k"), policy, SegmentChoice.AUTO);
    }

    /** The one file there is; the ceiling is high enough for every state. */
    private static PositionsWriter positions() {
        try {
            PositionsWriter created = PositionsWriter.load(Files.createTempDirectory("jcstress"), () -> false);
            PositionsWriter.Opened unused = created.open(() -> Optional.of("run"));
            created.raiseCeiling(1);
            return created;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class NoEvents implements LogEvents {
        @Override
        public void failed(String task, @Nullable String key, Throwable failure) {
            throw new AssertionError(task, failure);
        }

        @Override
        public long begins() {
            return 0;
        }

        @Override
        public void ended(String task, @Nullable String key, long begun) {}

        @Override
        public void sealed(Path file, SegmentHeader header, long endPosition, long bytes) {}
    }

    /** Appends a record whose frame has this many bytes; returns its position. */
    final long append(int frameBytes) {
        Draft draft = Draft.of(Source.EMPTY, Source.of(new byte[frameBytes - RecordLayout.PREFIX_BYTES]), NOW);
        AppendScratch scratch = AppendScratch.take();
        try {
            return stream.append(scratch, draft, frameBytes, NOW, StreamLog.ANY_END);
        } finally {
            scratch.giveBack();
        }
    }
}
