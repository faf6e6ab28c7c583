package dev.streamwal.append;

import dev.streamwal.commit.FlushFailedException;
import dev.streamwal.commit.SegmentDurability;
import dev.streamwal.error.TooManyOpenFilesException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.IoFailure;
import dev.streamwal.io.OpenFileLimit;
import dev.streamwal.recovery.StreamRecovery;
import dev.streamwal.retention.KnownTime;
import dev.streamwal.storage.FreeSpace;
import dev.streamwal.storage.PositionsWriter;
import dev.streamwal.storage.RoomKeptException;
import dev.streamwal.storage.SegmentStorage;
import dev.streamwal.storage.WriterFence;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What the streams of one log share. */
public final class LogContext {

    /** Less than half of the 65,530 mappings that Linux gives a process by default, since each segment may have a successor ready. */
    private static final int MAX_MAPPED_SEGMENTS = 24_576;

    private final SegmentStorage storage;
    private final PositionsWriter positions;
    private final StreamRecovery recovery;
    private final LogEvents events;
    private final SpacePreparer preparer;
    private final SegmentSealer sealer;
    private final @Nullable AppendSeam seam;
    private final StreamDirectories directories;
    private final LongSupplier salts;
    private final AtomicInteger mapped = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();
    private final int maxOpenFiles = (int) Math.min(Integer.MAX_VALUE, OpenFileLimit.ofThisProcess().orElse(Long.MAX_VALUE) / 2);
    private final SegmentTotals totals = new SegmentTotals();
    private volatile DeletionLog deletions = DeletionLog.NONE;
    private volatile boolean closed;

    // The following fields are set once, before a stream is used.

    private SegmentDurability durability = SegmentDurability.NONE;
    private WriterFence fence = WriterFence.NONE;
    private KnownTime time = KnownTime.unknown();
    private @Nullable SharedLog shared;
    private FreeSpace freeSpace = FreeSpace.UNKNOWN;
    private PackedData packed = PackedData.NONE;

    /**
     * @param salts different for every segment
     */
    public LogContext(SegmentStorage storage, PositionsWriter positions, StreamRecovery recovery, LogEvents events, StreamDirectories directories,
            LongSupplier salts) {
        this(storage, positions, recovery, events, directories, salts, null);
    }

    LogContext(SegmentStorage storage, PositionsWriter positions, StreamRecovery recovery, LogEvents events, StreamDirectories directories,
            LongSupplier salts, @Nullable AppendSeam seam) {
        this.storage = storage;
        this.positions = positions;
        this.recovery = recovery;
        this.events = events;
        this.preparer = new SpacePreparer(events);
        this.sealer = new SegmentSealer(events);
        this.directories = directories;
        this.salts = salts;
        this.seam = seam;
    }

    public void durability(SegmentDurability newDurability) {
        durability = newDurability;
    }

    public void fence(WriterFence newFence) {
        fence = newFence;
    }

    WriterFence fence() {
        return fence;
    }

    StreamDirectories directories() {
        return directories;
    }

    /** Deletes what a killed writer left in a stream's directory that has no segment, and the directory. */
    public void deleteLeftovers(Path directory) throws IOException {
        fence.check();
        directories.deleteLeftovers(directory, storage);
    }

    public void time(KnownTime newTime) {
        time = newTime;
    }

    KnownTime time() {
        return time;
    }

    SegmentDurability durability() {
        return durability;
    }

    /**
     * A file or directory could not be forced. Fails the log, because a second force would succeed and prove nothing. If the file could not even be
     * opened, nothing was lost, and the log goes on.
     *
     * @return what to throw
     */
    IOException forceFailed(Path path, IOException cause) {
        if (cause instanceof NoSuchFileException || IoFailure.isNotOpened(cause)) {
            return cause;
        }
        durability.forceFailed(path, cause);
        try {
            durability.checkForced();
            return cause;
        } catch (FlushFailedException e) {
            return e;
        }
    }

    /** Without this, no stream has data in packs. */
    public void packed(PackedData newPacked) {
        packed = newPacked;
    }

    /** Without this, each stream has segments of its own. */
    public void shared(SharedLog newShared) {
        shared = newShared;
    }

    public @Nullable SharedLog shared() {
        return shared;
    }

    /** Without this, segments grow as long as the disk lets them. */
    public void freeSpace(FreeSpace newFreeSpace) {
        freeSpace = newFreeSpace;
    }

    /**
     * Called before a segment, or the journal, grows.
     *
     * @throws RoomKeptException if then less would be free than {@link SharedLog} keeps
     */
    public void checkFreeSpace(long moreBytes) throws RoomKeptException {
        SharedLog sharing = shared;
        long kept = sharing == null ? 0 : sharing.keptBytes();
        if (kept > 0) {
            long free = freeSpace.bytes();
            if (free - moreBytes < kept) {
                throw new RoomKeptException(free, kept);
            }
        }
    }

    PackedData packed() {
        return packed;
    }

    /** To be called before anything is deleted; otherwise deletions are not recorded. */
    public void deletions(DeletionLog newDeletions) {
        deletions = newDeletions;
    }

    /** Records deletions before they happen. */
    public DeletionLog deletions() {
        return deletions;
    }

    /** Starts the threads that prepare space and seal. */
    public void start() {
        preparer.start();
        sealer.start();
    }

    /** Does the work of the threads, on the calling thread. */
    public void runBackground() {
        preparer.workOff();
        sealer.workOff();
    }

    /** From now on no segment is created; an append without a segment throws. */
    public void refuseNewSegments() {
        closed = true;
    }

    /** Stops the threads; sealed segments get their footers first. */
    public void stop() {
        preparer.end();
        sealer.stop();
    }

    boolean isClosed() {
        return closed;
    }

    /** @throws WalClosedException if it is closed */
    void checkOpen(StreamKey key) {
        if (closed) {
            throw new WalClosedException("the log is closed: stream=" + key + "; open it again", null, key.text(), WalException.NO_POSITION, null);
        }
    }

    public SegmentStorage storage() {
        return storage;
    }

    public PositionsWriter positions() {
        return positions;
    }

    /** See {@link StreamRecovery#setAside}. */
    public void setAside(StreamKey key, Path file) throws IOException {
        recovery.setAside(key, file);
    }

    StreamRecovery recovery() {
        return recovery;
    }

    LogEvents events() {
        return events;
    }

    SpacePreparer preparer() {
        return preparer;
    }

    SegmentSealer sealer() {
        return sealer;
    }

    @Nullable AppendSeam seam() {
        return seam;
    }

    public long newSalt() {
        return salts.getAsLong();
    }

    /** Whether one more stream may have segments of its own without needing them: the other half of the limits is for streams that do. */
    boolean hasRoom() {
        return mapped.get() < MAX_MAPPED_SEGMENTS / 2 && open.get() < maxOpenFiles / 2;
    }

    /** Called before a segment is created: without a mapping or a descriptor for anything else, the log could neither continue nor be closed. */
    void checkRoom(Path directory, StreamKey key) {
        boolean isMappedOut = mapped.get() >= MAX_MAPPED_SEGMENTS;
        if (isMappedOut || open.get() >= maxOpenFiles) {
            String full = isMappedOut ? "log has too many mapped segments: mapped=" + mapped + ", max=" + MAX_MAPPED_SEGMENTS
                    : "log has too many open files, half of what the process may open: open=" + open + ", max=" + maxOpenFiles;
            throw new TooManyOpenFilesException(full + ", stream=" + key.text() + ", directory=" + directory + "; "
                    + (isMappedOut ? "" : "raise the process's limit of open files, or ") + "let more streams share segments",
                    directory, key.text(), WalException.NO_POSITION, null);
        }
    }

    void mapped() {
        mapped.incrementAndGet();
    }

    void unmapped() {
        mapped.decrementAndGet();
    }

    void opened() {
        open.incrementAndGet();
    }

    void closed() {
        open.decrementAndGet();
    }

    /** Segments that are appended to, or about to be sealed. */
    public int mappedSegments() {
        return mapped.get();
    }

    /** Descriptors of segments that are written by position. */
    public int openFiles() {
        return open.get();
    }

    /** The streams' segments, as far as they were listed. */
    public SegmentTotals totals() {
        return totals;
    }
}
