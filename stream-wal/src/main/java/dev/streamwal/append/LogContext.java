package dev.streamwal.append;

import dev.streamwal.commit.SegmentDurability;
import dev.streamwal.format.StreamKey;
import dev.streamwal.recovery.StreamRecovery;
import dev.streamwal.retention.KnownTime;
import dev.streamwal.storage.PositionsFile;
import dev.streamwal.storage.SegmentStorage;
import dev.streamwal.storage.WriterFence;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What the streams of one log share. */
public final class LogContext {

    private final SegmentStorage storage;
    private final InstantSource clock;
    private final PositionsFile positions;
    private final StreamRecovery recovery;
    private final LogEvents events;
    private final ClockPool files;
    private final ClockPool mappings;
    private final SpacePreparer preparer;
    private final SegmentSealer sealer;
    private final @Nullable AppendSeam seam;
    private StreamDirectories directories = StreamDirectories.ANY;
    private final LongSupplier salts;
    private final LongAdder appends = new LongAdder();
    private final LongAdder flushes = new LongAdder();
    private volatile DeletionLog deletions = DeletionLog.NONE;
    private volatile boolean closed;

    /** Set once, before a stream is used. */
    private SegmentDurability durability = SegmentDurability.NONE;

    /** Set once, before a stream is used. */
    private WriterFence fence = WriterFence.NONE;

    /** Set once, before a stream is used. */
    private KnownTime time = KnownTime.unknown();

    /** Set once, before a stream is used. */
    private @Nullable SharedLog shared;

    /** Set once, before a stream is used. */
    private PackedData packed = PackedData.NONE;

    /** Set once, before a stream is used. */
    private Activity activity = Activity.NONE;

    /**
     * @param maxOpenFiles descriptors for writing
     * @param maxMappedSegments 0: every segment is written by position
     * @param salts different for every segment
     */
    public LogContext(
            SegmentStorage storage,
            InstantSource clock,
            PositionsFile positions,
            StreamRecovery recovery,
            LogEvents events,
            int maxOpenFiles,
            int maxMappedSegments,
            LongSupplier salts) {
        this(storage, clock, positions, recovery, events, maxOpenFiles, maxMappedSegments, salts, null);
    }

    LogContext(
            SegmentStorage storage,
            InstantSource clock,
            PositionsFile positions,
            StreamRecovery recovery,
            LogEvents events,
            int maxOpenFiles,
            int maxMappedSegments,
            LongSupplier salts,
            @Nullable AppendSeam seam) {
        this.storage = storage;
        this.clock = clock;
        this.positions = positions;
        this.recovery = recovery;
        this.events = events;
        this.files = new ClockPool(maxOpenFiles);
        this.mappings = new ClockPool(maxMappedSegments);
        this.preparer = new SpacePreparer(events);
        this.sealer = new SegmentSealer(events);
        this.salts = salts;
        this.seam = seam;
    }

    /** To be called once, before a stream is used. */
    public void durability(SegmentDurability newDurability) {
        durability = newDurability;
    }

    /** To be called once, before a stream is used. */
    public void fence(WriterFence newFence) {
        fence = newFence;
    }

    WriterFence fence() {
        return fence;
    }

    /** To be called once, before a stream is used. */
    public void directories(StreamDirectories newDirectories) {
        directories = newDirectories;
    }

    StreamDirectories directories() {
        return directories;
    }

    /** To be called once, before a stream is used. */
    public void time(KnownTime newTime) {
        time = newTime;
    }

    KnownTime time() {
        return time;
    }

    /** To be called once, before a stream is used. */
    public void activity(Activity newActivity) {
        activity = newActivity;
    }

    /** When every stream is closed; see {@link Activity#close()}. */
    public boolean closeActivity() {
        return activity.close();
    }

    Activity activity() {
        return activity;
    }

    SegmentDurability durability() {
        return durability;
    }

    /** To be called once, before a stream is used; without, no stream has anything in packs. */
    public void packed(PackedData newPacked) {
        packed = newPacked;
    }

    /** To be called once, before a stream is used; without, each stream has segments of its own. */
    public void shared(SharedLog newShared) {
        shared = newShared;
    }

    @Nullable SharedLog shared() {
        return shared;
    }

    PackedData packed() {
        return packed;
    }

    /** To be called before anything is deleted; without, nothing is written down. */
    public void deletions(DeletionLog newDeletions) {
        deletions = newDeletions;
    }

    /** Where deletions are written down first. */
    public DeletionLog deletions() {
        return deletions;
    }

    /** Starts the threads that prepare space and seal. */
    public void start() {
        preparer.start();
        sealer.start();
    }

    /** Does what waits for the threads, on this one. */
    public void runBackground() {
        preparer.workOff();
        sealer.workOff();
    }

    /** From now on no segment is created; appends that find no segment to go to throw. */
    public void refuseNewSegments() {
        closed = true;
    }

    /** Stops the threads; what was sealed gets its footer first. */
    public void stop() {
        preparer.stop();
        sealer.stop();
    }

    boolean isClosed() {
        return closed;
    }

    public SegmentStorage storage() {
        return storage;
    }

    InstantSource clock() {
        return clock;
    }

    public PositionsFile positions() {
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

    ClockPool files() {
        return files;
    }

    ClockPool mappings() {
        return mappings;
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

    /** Of a segment that is given up; those of the others are asked for when somebody wants to know. */
    void countAppends(long records) {
        appends.add(records);
    }

    void countFlush() {
        flushes.increment();
    }

    public int openFiles() {
        return files.taken();
    }

    public int mappedSegments() {
        return mappings.taken();
    }

    /** Records appended to segments that have been given up since. */
    public long appendsBefore() {
        return appends.sum();
    }

    public long flushes() {
        return flushes.sum();
    }
}
