package dev.streamwal.append;

import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.Window;
import dev.streamwal.retention.StreamPolicy;
import dev.streamwal.storage.SegmentNames;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Creates a stream's next segment, and may prepare its file before. Guarded by the stream's rotation lock, except what prepares: that is called without
 * locks, and {@link SpareSlot} says how the two meet.
 */
final class SegmentCreation {

    /**
     * How far the successor of a full segment is prepared before its first record. The preparer is next asked when half of this is used, just
     * when the sealer works on the full segment, so both halves have to last longer than a thread waits for a processor: 8 MiB are 25 ms at 320 MB/s.
     */
    private static final int PREPARED_BYTES = SegmentSpace.MAX_GROWTH_BYTES;

    /** How far a segment is prepared for the next window, at most: the stream needn't be a fast one. */
    private static final int WINDOW_PREPARED_BYTES = 4 << 20;

    /** A window is nearly over in its last quarter: some sweeps come by in that time. */
    private static final int NEARLY_OVER = 4;

    private final LogContext log;
    private final StreamLog stream;
    private final StreamPolicy policy;
    private final ReentrantLock rotation;
    private final SegmentChain chain;
    private final SpareSlot spare;
    private final Consumer<Boolean> hasSegments;

    /** @param hasSegments called with whether the stream has segments, with the lock */
    SegmentCreation(StreamLog stream, ReentrantLock rotation, SegmentChain chain, SpareSlot spare, Consumer<Boolean> hasSegments) {
        this.log = stream.log();
        this.stream = stream;
        this.policy = stream.policy();
        this.rotation = rotation;
        this.chain = chain;
        this.spare = spare;
        this.hasSegments = hasSegments;
    }

    // ---------------------------------------------------------------- creating

    /**
     * Creates the next segment and makes it the active one. Says before that the stream has segments: another thread may append to it as soon as it is
     * active, and have it made durable.
     *
     * @param seen the previously active segment
     */
    ActiveSegment create(@Nullable ActiveSegment seen, long timestampMillis, long nowMillis) throws IOException {
        hasSegments.accept(true);
        ActiveSegment created = null;
        try {
            created = createFile(seen, timestampMillis, nowMillis);
            return created;
        } finally {
            if (created == null) {
                hasSegments.accept(!chain.segments.isEmpty());
            }
        }
    }

    /** With its header and its final name; naming it is the last step that can fail unless there is no memory. */
    private ActiveSegment createFile(@Nullable ActiveSegment seen, long timestampMillis, long nowMillis) throws IOException {
        log.fence().check();
        Path directory = chain.directory;
        NewSegment created = spare.take();
        try {
            SegmentHeader header = nextHeader(timestampMillis, nowMillis);
            if (created == null) {
                log.checkFreeSpace(FooterLayout.PAGE_BYTES);
                log.directories().create(chain.key, log.storage());
                created = NewSegment.create(log.storage(), directory.resolve(SegmentNames.temporary(log.newSalt())), header);
            } else {
                created.writeHeader(header);
            }
            created.name(directory.resolve(header.name().fileName()));
            ActiveSegment segment = new ActiveSegment(log, stream, header, created);
            if (!chain.next.hasEnd()) {
                segment.beginsAnew();
            }
            chain.add(seen, segment);
            return segment;
        } catch (IOException | RuntimeException | Error e) {
            if (created != null) {
                spare.discard(created);
            }
            removeDirectoryIfUnused();
            throw e;
        }
    }

    private SegmentHeader nextHeader(long timestampMillis, long nowMillis) throws IOException {
        Continuation next = chain.next;
        long basePosition = next.nextBase(log.positions().current().start());
        log.positions().raiseCeiling(basePosition + policy.segmentBytes());
        Window window = next.nextWindow(policy, log.time(), timestampMillis, nowMillis);
        return new SegmentHeader(chain.key, window, policy.expirationOf(window), basePosition, next.previousEnd(basePosition),
                log.recovery().incarnation(), log.newSalt(), nowMillis, policy.segmentBytes(), 0,
                chain.segments.isEmpty() ? SegmentHeaderLayout.FIRST : 0);
    }

    /** Ever new keys that are appended to while the disk is full leave nothing behind. A segment in the directory is created under the same lock. */
    private void removeDirectoryIfUnused() {
        try {
            // after another process has taken the log over, the directory may be its own
            if (chain.segments.isEmpty() && !log.fence().isLost()) {
                chain.names.directoryGone();
                log.directories().deleteIfEmpty(chain.key, log.storage());
            }
        } catch (IOException e) {
            // it stays, and is used by the next append; what made this one fail is thrown
        }
    }

    // ---------------------------------------------------------------- preparing

    /** Prepares the successor of a segment that is about to be full. Called by the preparer. */
    void prepare() {
        prepare(PREPARED_BYTES);
    }

    /**
     * Prepares a segment for the next window if this one ends soon. Otherwise all streams with segments of their own would wait for the file system
     * at the same time, with their first append in the window. To be called now and then.
     *
     * @param maxLeadMillis before the window's end; not more than a quarter of the window
     */
    void prepareNextWindow(long nowMillis, long maxLeadMillis) {
        ActiveSegment segment = chain.active();
        if (segment != null && !segment.isEmpty() && !segment.isSealed() && log.hasRoom()) {
            long left = segment.windowEndMillis() - nowMillis;
            if (left > 0 && left <= Math.min(maxLeadMillis, policy.windowMillis() / NEARLY_OVER)) {
                prepareHalfOf(segment);
            }
        }
    }

    /** As far as half of what this segment took, which is surely needed if the next one takes as much. */
    void prepareHalfOf(ActiveSegment segment) {
        int pages = segment.usedBytes() / 2 / FooterLayout.PAGE_BYTES + 1;
        prepare(Math.min(WINDOW_PREPARED_BYTES, pages * FooterLayout.PAGE_BYTES));
    }

    private void prepare(int preparedBytes) {
        log.directories().use(chain.key);
        boolean isWanted = spare.prepare(chain.directory, policy.segmentBytes(), preparedBytes);
        if (!isWanted) {
            removeUnused();
        }
    }

    /** The stream was deleted while a segment was prepared, whose file kept the directory. */
    private void removeUnused() {
        rotation.lock();
        try {
            if (chain.active() == null && chain.segments.isEmpty()) {
                log.directories().deleteIfEmpty(chain.key, log.storage());
            }
        } catch (IOException e) {
            log.events().failed(SpacePreparer.TASK, chain.key.text(), e);
        } finally {
            rotation.unlock();
        }
    }
}
