package dev.streamwal.append;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.format.Positions;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.reader.WalClosedException;
import dev.streamwal.reader.WalException;
import dev.streamwal.recovery.RecoveredTail;
import dev.streamwal.recovery.StreamRecovery;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.retention.StreamPolicy;
import dev.streamwal.source.SegmentFiles;
import dev.streamwal.storage.DirectoryForce;
import dev.streamwal.storage.SegmentCopy;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.StorageBytes;
import dev.streamwal.storage.StorageErrors;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One stream, as its writer sees it: the segment that is appended to, and the chain behind it. Thread-safe. */
public final class StreamLog {

    /*
     * Concurrency.
     *
     * `active` is where appends go. It changes under the rotation lock only, by compare-and-set, from
     *
     *   null       the stream has not been written to since the log was opened, or has no segment to go on with
     *   S          a segment; sealed while its successor could not be created
     *
     * Whoever finds that `active` can't take the record asks for a rotation, naming the segment it saw. Under the lock the first of them
     * seals that segment, which fixes its length and so its successor's base position, gives the successor its name, and sets `active`; the
     * others see that `active` has changed and go on with it. A rotation that fails, say because the disk is full, leaves the sealed segment
     * in `active`, and the next append tries again. So there is one successor for each segment, whoever asked.
     *
     * Lock order: rotation, segment, pool. Everything about the list of segments happens under the rotation lock; reading `active` needs none.
     */

    /** Files in the making; what is left of them after a crash is deleted when the stream is loaded. */
    private static final Pattern TEMPORARY = Pattern.compile("\\.[0-9a-f]{16}\\.seg\\.tmp");

    /** A successor is prepared up to here ahead of its first record. */
    private static final int SPARE_BYTES = 4 << 20;

    private final LogContext log;
    private final StreamKey key;
    private final StreamPolicy policy;
    private final Path directory;
    private final AtomicReference<@Nullable ActiveSegment> active = new AtomicReference<>();
    private final AtomicReference<@Nullable SpareSegment> spare = new AtomicReference<>();
    private final ReentrantLock rotation = new ReentrantLock();

    /** Told whether the stream has segments, whenever that may have changed; set before the stream is shared. */
    private SegmentsWatch watch = has -> {};

    @GuardedBy("rotation")
    private final List<SegmentEntry> segments = new ArrayList<>();

    @GuardedBy("rotation")
    private boolean loaded;

    @GuardedBy("rotation")
    private boolean recovered;

    /** Where the last record ended, of a stream with no active segment; -1 where nobody knows. */
    @GuardedBy("rotation")
    private long knownEnd = -1;

    /** Whether the next segment begins at {@link #knownEnd}; else at the log's start. */
    @GuardedBy("rotation")
    private boolean contiguous;

    /** The next segment begins no earlier: no two segments are given the same position, though the first had no record. */
    @GuardedBy("rotation")
    private long lowestBase;

    @GuardedBy("rotation")
    private long lastWindowStart = Long.MIN_VALUE;

    @GuardedBy("rotation")
    private long endAtLastPass = -1;

    public StreamLog(LogContext log, StreamKey key, StreamPolicy policy, Path directory) {
        this.log = log;
        this.key = key;
        this.policy = policy;
        this.directory = directory;
    }

    /** Who keeps the stream while it has segments. */
    @FunctionalInterface
    public interface SegmentsWatch {
        void hasSegments(boolean any);
    }

    /** To be called once, before the stream is shared. */
    public void watch(SegmentsWatch newWatch) {
        watch = newWatch;
    }

    public StreamKey key() {
        return key;
    }

    public StreamPolicy policy() {
        return policy;
    }

    public Path directory() {
        return directory;
    }

    /** The largest batch that an empty segment takes. */
    public long capacityForRecords() {
        return (long) policy.segmentBytes() - SegmentHeaderLayout.headerLength(key.utf8Length());
    }

    // ---------------------------------------------------------------- appending

    /** What {@link #append} returns where somebody else has appended. */
    public static final long MISMATCH = ActiveSegment.MISMATCH;

    /** For {@code expectedEnd}: wherever the end is. */
    public static final long ANY_END = ActiveSegment.ANY_END;

    /**
     * Appends a record whose lengths and timestamp were checked.
     *
     * @param clockMillis now
     * @return its position, or {@link #MISMATCH}
     */
    public long append(AppendScratch scratch, Draft draft, int frameBytes, long clockMillis, long expectedEnd) {
        long timestampMillis = draft.timestampMillis();
        long nowMillis = clockMillis;
        for (; ; ) {
            ActiveSegment segment = active.get();
            if (segment != null && takes(segment, timestampMillis, nowMillis)) {
                long outcome = segment.append(scratch, draft, frameBytes, expectedEnd);
                if (outcome >= 0 || outcome == MISMATCH) {
                    return outcome;
                }
            }
            if (expectedEnd != ANY_END && endPosition() != expectedEnd) {
                return MISMATCH;
            }
            rotate(segment, timestampMillis, nowMillis);
            nowMillis = notExpired(timestampMillis, nowMillis);
        }
    }

    /**
     * Appends two records or more, of which readers see all or none.
     *
     * @param newestTimestampMillis of the members
     * @return the first member's position
     */
    public long appendBatch(AppendScratch scratch, List<Draft> members, int batchBytes, long newestTimestampMillis, long clockMillis) {
        long nowMillis = clockMillis;
        for (; ; ) {
            ActiveSegment segment = active.get();
            if (segment != null && takes(segment, newestTimestampMillis, nowMillis)) {
                long outcome = segment.appendBatch(scratch, members, batchBytes);
                if (outcome >= 0) {
                    return outcome + Frames.LEAD_BYTES;
                }
            }
            rotate(segment, newestTimestampMillis, nowMillis);
            nowMillis = notExpired(newestTimestampMillis, nowMillis);
        }
    }

    /**
     * A time at which the window of this timestamp has not expired. It hadn't when the timestamp was checked; the clock that is asked again
     * after that may say otherwise, and no segment would do then.
     */
    private long notExpired(long timestampMillis, long nowMillis) {
        return Math.min(nowMillis, policy.expirationOf(policy.windowOf(timestampMillis)) - 1);
    }

    /** A segment that has expired would be swept with the record in it. */
    private static boolean takes(ActiveSegment segment, long timestampMillis, long nowMillis) {
        return timestampMillis < segment.windowEndMillis() && nowMillis < segment.expirationMillis();
    }

    /** Where the last record ends; before the first, where it will begin. */
    public long endPosition() {
        ActiveSegment segment = active.get();
        if (segment != null) {
            return segment.endPosition();
        }
        rotation.lock();
        try {
            recover();
            segment = active.get();
            if (segment != null) {
                return segment.endPosition();
            }
            return knownEnd >= 0 ? knownEnd : log.positions().current().start();
        } finally {
            rotation.unlock();
        }
    }

    /** Where what is reserved ends; -1 where the stream has no segment. */
    public long reservedEnd() {
        ActiveSegment segment = active.get();
        if (segment == null) {
            rotation.lock();
            try {
                recover();
                segment = active.get();
                if (segment == null) {
                    return knownEnd;
                }
            } finally {
                rotation.unlock();
            }
        }
        return segment.reservedEnd();
    }

    /** Whether a slot was reserved here and can never be published. */
    public boolean isAbandoned(long position) {
        rotation.lock();
        try {
            for (SegmentEntry entry : segments) {
                ActiveSegment segment = entry.unfinished();
                if (segment != null && segment.isAbandoned(position)) {
                    return true;
                }
            }
            return false;
        } finally {
            rotation.unlock();
        }
    }

    // ---------------------------------------------------------------- rotation

    private void rotate(@Nullable ActiveSegment seen, long timestampMillis, long nowMillis) {
        rotation.lock();
        try {
            checkOpen();
            if (active.get() != seen) {
                return;
            }
            // asked before it is retired: the sealer may unmap it right then
            boolean busy = seen != null && seen.isMapped();
            if (seen == null) {
                recover();
                if (active.get() != null) {
                    return;
                }
            } else {
                retire(seen);
            }
            ActiveSegment successor = create(timestampMillis, nowMillis, busy);
            if (!active.compareAndSet(seen, successor)) {
                throw new IllegalStateException("the active segment changes under the rotation lock only: stream=" + key);
            }
            segments.add(new SegmentEntry(successor));
            watch.hasSegments(true);
        } catch (IOException e) {
            throw StorageErrors.translate("create a segment", e, directory, key.text(), WalException.NO_POSITION, policy.segmentBytes());
        } finally {
            rotation.unlock();
        }
        log.sealer().helpIfBehind();
    }

    private void checkOpen() {
        if (log.isClosed()) {
            throw new WalClosedException("the log is closed: stream=" + key, null, key.text(), WalException.NO_POSITION, null);
        }
    }

    /** Seals a segment and has its footer written, or deletes it where it is empty. What the stream goes on from is known then. */
    @GuardedBy("rotation")
    private void retire(ActiveSegment segment) throws IOException {
        segment.seal();
        lastWindowStart = segment.header().window().startMillis();
        knownEnd = segment.endPosition();
        contiguous = !segment.isEmpty() || segment.header().basePosition() == knownEnd;
        SegmentEntry entry = entryOf(segment);
        if (entry == null || entry.isSealed()) {
            return;
        }
        if (segment.isEmpty()) {
            // whoever reads it would not find a successor that begins at the same position, or take it for this one
            lowestBase = segment.header().basePosition() + RecordLayout.ALIGNMENT;
            discard(segment);
            log.storage().delete(segment.file().path());
            segments.remove(entry);
            return;
        }
        entry.seal();
        log.sealer().seal(segment);
    }

    @GuardedBy("rotation")
    private @Nullable SegmentEntry entryOf(ActiveSegment segment) {
        for (int i = segments.size() - 1; i >= 0; i--) {
            if (segments.get(i).unfinished() == segment) {
                return segments.get(i);
            }
        }
        return null;
    }

    /** The next segment, with its header and its final name; its name is the last thing that can fail. */
    @GuardedBy("rotation")
    private ActiveSegment create(long timestampMillis, long nowMillis, boolean busy) throws IOException {
        SpareSegment prepared = spare.getAndSet(null);
        SegmentFile file = null;
        try {
            SegmentHeader header = successorHeader(timestampMillis, nowMillis);
            Path name = directory.resolve(header.name().fileName());
            log.storage().createDirectory(directory);
            if (prepared != null) {
                prepared.writeHeader(header);
                file = prepared.file();
            } else {
                file = log.storage().create(temporary());
                file.write(0, SegmentHeaderLayout.encode(header));
            }
            // the segment opens the file again when it has a seat for it
            file.close();
            log.storage().name(file.path(), name);
            file.renamed(name);
            ActiveSegment segment = new ActiveSegment(log, this, header, file, RecoveredTail.empty(header.headerLength()));
            if (prepared != null) {
                segment.adopt(prepared.mapping(), prepared.preparedBytes());
            } else if (busy) {
                segment.mapNow();
            }
            return segment;
        } catch (IOException | RuntimeException | Error e) {
            if (prepared != null) {
                discard(prepared);
            } else if (file != null) {
                file.close();
                log.storage().delete(file.path());
            }
            throw e;
        }
    }

    @GuardedBy("rotation")
    private SegmentHeader successorHeader(long timestampMillis, long nowMillis) throws IOException {
        long start = log.positions().current().start();
        long basePosition = Math.max(lowestBase, knownEnd >= 0 && contiguous ? knownEnd : Math.max(start, knownEnd));
        log.positions().raiseCeiling(basePosition + policy.segmentBytes());
        Window window = policy.windowOf(Math.max(timestampMillis, lastWindowStart));
        return new SegmentHeader(key, window, policy.expirationOf(window), basePosition, knownEnd >= 0 ? knownEnd : basePosition,
                log.recovery().incarnation(), log.newSalt(), nowMillis, policy.segmentBytes(), 0, 0);
    }

    private Path temporary() {
        return directory.resolve('.' + HexFormat.of().toHexDigits(log.newSalt()) + ".seg.tmp");
    }

    /** Has the successor of a segment that is about to be full ready. For the preparer. */
    void prepareSuccessor() {
        if (isSpareUnwanted() || spare.get() != null) {
            return;
        }
        try {
            SpareSegment prepared = SpareSegment.prepare(log.storage(), temporary(), policy.segmentBytes(), SPARE_BYTES);
            if (prepared != null
                    && (!spare.compareAndSet(null, prepared)
                            || (isSpareUnwanted() && spare.compareAndSet(prepared, null)))) {
                prepared.discard(log.storage());
            }
        } catch (IOException e) {
            // the rotation will try for itself, and say so to its caller; the directory of a stream that was deleted may be gone
            if (!isSpareUnwanted()) {
                log.events().failed("prepare", key.text(), e);
            }
        }
    }

    /** Whoever makes it so takes the spare away afterwards; so either they find it, or the preparer, who asks after it was put there. */
    private boolean isSpareUnwanted() {
        return log.isClosed() || active.get() == null;
    }

    private void discard(SpareSegment prepared) {
        try {
            prepared.discard(log.storage());
        } catch (IOException e) {
            log.events().failed("discard a prepared segment", key.text(), e);
        }
    }

    /** For the sealer: the first segment up to this one that has no footer yet; null where there is none. */
    @Nullable ActiveSegment nextToFinish(ActiveSegment last) {
        rotation.lock();
        try {
            if (entryOf(last) == null) {
                return null;
            }
            for (SegmentEntry entry : segments) {
                ActiveSegment unfinished = entry.unfinished();
                if (unfinished != null) {
                    return unfinished;
                }
            }
            return null;
        } finally {
            rotation.unlock();
        }
    }

    /** From the sealer: it has let go of a segment; where that has no footer, the next pass of the sweeper has it tried again. */
    void left(ActiveSegment segment) {
        rotation.lock();
        try {
            SegmentEntry entry = entryOf(segment);
            if (entry != null) {
                entry.sealingEnded(false);
            }
        } finally {
            rotation.unlock();
        }
    }

    /** From the sealer: a segment has its footer, or will have to be tried again by the next pass of the sweeper. */
    void finished(ActiveSegment segment, boolean complete) {
        long bytes = 0;
        rotation.lock();
        try {
            SegmentEntry entry = entryOf(segment);
            if (entry == null) {
                return;
            }
            entry.sealingEnded(complete);
            bytes = entry.bytes();
            if (complete) {
                log.countAppends(segment.recordsAppended());
            }
        } finally {
            rotation.unlock();
        }
        if (complete) {
            log.events().sealed(segment.file().path(), segment.header(), segment.reservedEnd(), bytes);
        }
    }

    // ---------------------------------------------------------------- opening what is there

    /** Lists the stream's segments, once; opens none. */
    @GuardedBy("rotation")
    private void load() throws IOException {
        if (loaded) {
            return;
        }
        // behind a closed log a temporary file is somebody else's
        checkOpen();
        List<SegmentEntry> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                String fileName = file.getFileName().toString();
                SegmentName name = SegmentName.parse(fileName).orElse(null);
                if (name != null) {
                    found.add(new SegmentEntry(name, Files.size(file)));
                } else if (TEMPORARY.matcher(fileName).matches()) {
                    log.storage().delete(file);
                }
            }
        } catch (NoSuchFileException e) {
            // a stream that isn't there yet
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        found.sort((a, b) -> a.name().compareTo(b.name()));
        segments.addAll(found);
        loaded = true;
        watch.hasSegments(!segments.isEmpty());
    }

    /** Brings the newest segments in order, once, and makes the newest active if it may be appended to. */
    @GuardedBy("rotation")
    private void recover() {
        if (recovered) {
            return;
        }
        // behind a closed log somebody else may be writing already
        checkOpen();
        try {
            load();
            if (!segments.isEmpty()) {
                goOnFrom(log.recovery().recover(key, directory, segments.stream().map(SegmentEntry::name).toList()));
            }
            recovered = true;
        } catch (IOException e) {
            throw StorageErrors.translate("open the stream", e, directory, key.text(), WalException.NO_POSITION, 0);
        }
    }

    @GuardedBy("rotation")
    private void goOnFrom(StreamRecovery.Outcome outcome) throws IOException {
        segments.removeIf(entry -> outcome.removed().contains(entry.name()));
        knownEnd = outcome.end().orElse(-1);
        contiguous = outcome.contiguous();
        lastWindowStart = outcome.lastWindowStart();
        for (StreamRecovery.Unfinished unfinished : outcome.unfinished()) {
            ActiveSegment segment = new ActiveSegment(log, this, unfinished.header(), unfinished.file(), unfinished.tail());
            SegmentEntry entry = entryNamed(unfinished.header().name());
            entry.unfinished(segment);
            if (unfinished.appendable()) {
                active.set(segment);
            } else {
                boolean goesOnHere = contiguous;
                retire(segment);
                contiguous = goesOnHere;
            }
        }
        knownEnd = outcome.end().orElse(-1);
        lastWindowStart = outcome.lastWindowStart();
    }

    @GuardedBy("rotation")
    private SegmentEntry entryNamed(SegmentName name) {
        for (SegmentEntry entry : segments) {
            if (entry.name().equals(name)) {
                return entry;
            }
        }
        throw new IllegalStateException("recovery finds what was listed: " + name);
    }

    // ---------------------------------------------------------------- retention

    /**
     * Seals the active segment where it is idle or has expired, so that it can be deleted; asks again for footers that could not be written.
     * A segment is idle whose window is over and that had no append since the last pass: so an idle stream expires too, and a backfill isn't
     * cut to pieces.
     */
    public void sealIfIdle(long nowMillis) throws IOException {
        rotation.lock();
        try {
            checkOpen();
            load();
            sealWhatWasLeft();
            ActiveSegment segment = active.get();
            if (segment == null) {
                return;
            }
            long end = segment.reservedEnd();
            boolean idle = segment.windowEndMillis() <= nowMillis && end == endAtLastPass;
            endAtLastPass = end;
            if (idle || segment.expirationMillis() <= nowMillis || segment.isSealed()) {
                deactivate(segment);
            }
        } finally {
            rotation.unlock();
        }
    }

    /** The last one will do: the sealer finishes those before it first. */
    @GuardedBy("rotation")
    private void sealWhatWasLeft() {
        for (int i = segments.size() - 1; i >= 0; i--) {
            SegmentEntry entry = segments.get(i);
            ActiveSegment left = entry.unfinished();
            if (left != null && entry.isLeftUnfinished()) {
                entry.seal();
                log.sealer().seal(left);
                return;
            }
        }
    }

    @GuardedBy("rotation")
    private void deactivate(ActiveSegment segment) throws IOException {
        retire(segment);
        active.set(null);
        SpareSegment prepared = spare.getAndSet(null);
        if (prepared != null) {
            prepared.discard(log.storage());
        }
    }

    /** The stream as the plan of what expires wants it. */
    public ExpiryPlan.Stream expiryView(long nowMillis) throws IOException {
        rotation.lock();
        try {
            load();
            List<ExpiryPlan.Segment> views = new ArrayList<>(segments.size());
            for (int i = 0; i < segments.size(); i++) {
                SegmentEntry entry = segments.get(i);
                SegmentName name = entry.name();
                boolean behindOthers = i < segments.size() - 1;
                boolean expiredUntouched = !recovered && name.expirationMillis() <= nowMillis;
                boolean deletable = entry.isSealed() || behindOthers || (active.get() == null && recovered) || expiredUntouched;
                views.add(new ExpiryPlan.Segment(name.basePosition(), name.expirationMillis(),
                        name.expirationMillis() - policy.retentionMillis(), entry.bytes(), deletable));
            }
            return new ExpiryPlan.Stream(key.text(), policy.maxBytes(), views);
        } finally {
            rotation.unlock();
        }
    }

    /** A segment that is gone. */
    public record Deleted(Path file, SegmentName name, long bytes) {}

    /**
     * Deletes the oldest segment, if it is still this one and is not appended to.
     *
     * @return empty where it isn't
     */
    public Optional<Deleted> deleteOldest(long basePosition) throws IOException {
        rotation.lock();
        try {
            checkOpen();
            boolean oldest = !segments.isEmpty() && segments.get(0).name().basePosition() == basePosition;
            if (!oldest || (active.get() != null && segments.get(0).unfinished() == active.get())) {
                return Optional.empty();
            }
            return Optional.of(deleteFirst());
        } finally {
            rotation.unlock();
        }
    }

    @GuardedBy("rotation")
    private Deleted deleteFirst() throws IOException {
        SegmentEntry entry = segments.get(0);
        boolean last = segments.size() == 1;
        if (last) {
            raiseStartAbove(entry.name().basePosition());
        }
        long bytes = entry.bytes();
        ActiveSegment unfinished = entry.unfinished();
        if (unfinished != null) {
            discard(unfinished);
        }
        Path file = directory.resolve(entry.name().fileName());
        log.storage().delete(file);
        segments.remove(0);
        if (last) {
            contiguous = false;
            recovered = true;
            log.storage().deleteDirectoryIfEmpty(directory);
            watch.hasSegments(false);
        }
        return new Deleted(file, entry.name(), bytes);
    }

    private void discard(ActiveSegment unfinished) {
        if (!unfinished.discard()) {
            log.events().failed("unmap", key.text(), new IllegalStateException(
                    "a slot was reserved and never published, its mapping stays to the end of the process: file=" + unfinished.file().path()));
        }
        log.countAppends(unfinished.recordsAppended());
    }

    /**
     * Durably, before a stream's last segment goes: what comes next begins above every position that was ever given. Nothing needs to be
     * written where the start has been raised since the segment was created.
     */
    @GuardedBy("rotation")
    private void raiseStartAbove(long basePosition) throws IOException {
        Positions positions = log.positions().current();
        if (positions.start() - StreamPolicy.MAX_SEGMENT_BYTES < basePosition && positions.start() != positions.ceiling()) {
            log.positions().startAtCeiling();
        }
    }

    /**
     * Deletes the sealed segments at the stream's beginning whose windows end at or before a time.
     *
     * @param each is told of every one that is gone
     */
    public void purge(long beforeMillis, Consumer<Deleted> each) throws IOException {
        rotation.lock();
        try {
            checkOpen();
            recover();
            boolean any = false;
            while (!segments.isEmpty() && isOldestOver(beforeMillis)) {
                each.accept(deleteFirst());
                any = true;
            }
            if (any && !segments.isEmpty()) {
                DirectoryForce.force(directory);
            }
        } finally {
            rotation.unlock();
        }
    }

    @GuardedBy("rotation")
    private boolean isOldestOver(long beforeMillis) throws IOException {
        SegmentEntry oldest = segments.get(0);
        ActiveSegment unfinished = oldest.unfinished();
        if (unfinished != null) {
            return unfinished != active.get() && unfinished.windowEndMillis() <= beforeMillis;
        }
        SegmentFile file = log.storage().open(directory.resolve(oldest.name().fileName()));
        try {
            return SegmentFiles.readHeader(StorageBytes.of(file), file.path(), key, oldest.name()).window().endMillis() <= beforeMillis;
        } finally {
            file.close();
        }
    }

    /**
     * Deletes the whole stream; should it be appended to again, it goes on at positions it never had.
     *
     * @return whether there was anything
     */
    public boolean delete(Consumer<Deleted> each) throws IOException {
        rotation.lock();
        try {
            checkOpen();
            load();
            if (segments.isEmpty()) {
                return false;
            }
            raiseStartAbove(segments.get(segments.size() - 1).name().basePosition());
            ActiveSegment segment = active.get();
            if (segment != null) {
                segment.seal();
                knownEnd = segment.endPosition();
                active.set(null);
            }
            contiguous = false;
            SpareSegment prepared = spare.getAndSet(null);
            if (prepared != null) {
                prepared.discard(log.storage());
            }
            while (!segments.isEmpty()) {
                each.accept(deleteFirst());
            }
            recovered = true;
            contiguous = false;
            knownEnd = -1;
            lastWindowStart = Long.MIN_VALUE;
            return true;
        } finally {
            rotation.unlock();
        }
    }

    // ---------------------------------------------------------------- the whole

    /** How many segments the stream has. */
    public int segmentCount() throws IOException {
        rotation.lock();
        try {
            load();
            return segments.size();
        } finally {
            rotation.unlock();
        }
    }

    /** What the segments' files take. */
    public long bytes() throws IOException {
        rotation.lock();
        try {
            load();
            return segments.stream().mapToLong(SegmentEntry::bytes).sum();
        } finally {
            rotation.unlock();
        }
    }

    /** Records appended to segments that are not given up yet, since the log was opened. */
    public long appends() {
        rotation.lock();
        try {
            long records = 0;
            for (SegmentEntry entry : segments) {
                ActiveSegment unfinished = entry.unfinished();
                records += unfinished == null ? 0 : unfinished.recordsAppended();
            }
            return records;
        } finally {
            rotation.unlock();
        }
    }

    /** Copies the stream as it is now; finished segments by a hard link where the file system can. */
    public void copyTo(Path target) throws IOException {
        rotation.lock();
        try {
            checkOpen();
            recover();
            if (segments.isEmpty()) {
                return;
            }
            Files.createDirectories(target);
            for (SegmentEntry entry : segments) {
                Path source = directory.resolve(entry.name().fileName());
                Path copy = target.resolve(entry.name().fileName());
                ActiveSegment unfinished = entry.unfinished();
                if (unfinished == null) {
                    SegmentCopy.linkOrCopy(source, copy);
                } else {
                    unfinished.copyTo(copy);
                }
            }
        } finally {
            rotation.unlock();
        }
    }

    /** Gives up all that is held, so that the stream can be opened again. False where a mapping had to be left to the process. */
    public boolean close() {
        rotation.lock();
        try {
            SpareSegment prepared = spare.getAndSet(null);
            if (prepared != null) {
                discard(prepared);
            }
            boolean complete = true;
            for (SegmentEntry entry : segments) {
                ActiveSegment unfinished = entry.unfinished();
                if (unfinished != null) {
                    complete &= unfinished.close();
                }
            }
            return complete;
        } finally {
            rotation.unlock();
        }
    }
}
