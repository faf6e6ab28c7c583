package dev.streamwal.append;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.Positions;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.recovery.SegmentCut;
import dev.streamwal.recovery.StreamRecovery;
import dev.streamwal.retention.StreamPolicy;
import dev.streamwal.segment.RecoveredTail;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentFiles;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.StorageErrors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A stream's segments, which of them is appended to, and where the next one begins: the state shared by appending, {@link SegmentDeletion}
 * and {@link TailCut}. Guarded by the stream's rotation lock.
 */
final class SegmentChain {

    /** How long a refused stream isn't read again: reading it may take a whole segment, too much for each append. */
    private static final long REFUSED_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final LogContext log;
    final StreamKey key;
    final Path directory;
    private final AtomicReference<@Nullable ActiveSegment> active;
    private final SpareSlot spare;
    final DurableNames names;
    private final Consumer<Boolean> hasSegments;
    private final Opening opening;
    final SegmentList segments;
    final Continuation next = new Continuation();
    private boolean loaded;
    private boolean recovered;
    private boolean hasHadAny;
    private boolean wasDamaged;
    private @Nullable Refusal refusal;

    /**
     * Why recovery has refused the stream. Recovery will refuse it again until one of its segments is deleted, or there is room in the quarantine.
     *
     * @param listed the segments
     */
    private record Refusal(List<StreamRecovery.Listed> listed, WalException why, long atNanos) {

        WalException again() {
            return why instanceof CorruptSegmentException damage
                    ? new CorruptSegmentException(String.valueOf(damage.getMessage()), damage.file(), damage.key(), damage.position(), damage.offset(),
                            damage.length(), damage)
                    : new UnsupportedFormatException(String.valueOf(why.getMessage()), why.file(), why.key(), why.position(), why);
        }
    }

    /** Creates the object of an unfinished segment. */
    @FunctionalInterface
    interface Opening {
        ActiveSegment open(SegmentHeader header, SegmentFile file, RecoveredTail tail);
    }

    /**
     * @param active read by any thread, changed under the rotation lock only
     * @param hasSegments called with whether the stream has segments, whenever that may have changed
     */
    SegmentChain(LogContext log, StreamKey key, Path directory, AtomicReference<@Nullable ActiveSegment> active, SpareSlot spare, DurableNames names,
            Consumer<Boolean> hasSegments, Opening opening) {
        this.log = log;
        this.segments = new SegmentList(log.totals());
        this.key = key;
        this.directory = directory;
        this.active = active;
        this.spare = spare;
        this.names = names;
        this.hasSegments = hasSegments;
        this.opening = opening;
    }

    @Nullable ActiveSegment active() {
        return active.get();
    }

    /** Whether recovery has found that something was damaged or missing that was promised to survive. */
    boolean wasDamaged() {
        return wasDamaged;
    }

    boolean isRecovered() {
        return recovered;
    }

    Path fileOf(SegmentEntry entry) {
        return directory.resolve(entry.name().fileName());
    }

    /** Like {@link StreamLog#endPosition()}, for a stream that was recovered. */
    long endPosition() {
        ActiveSegment segment = active.get();
        if (segment != null) {
            return segment.endPosition();
        }
        long start = log.positions().current().start();
        return next.hasEnd() ? next.end() : next.nextBase(start);
    }

    void checkOpen() {
        log.checkOpen(key);
    }

    /** As {@link #checkOpen}; and that no other writer has opened the log, whose files would be changed. */
    void checkWriter() {
        checkOpen();
        log.fence().check();
    }

    /** Whether there was ever a segment, as far as segments were listed. */
    boolean hasHadAny() {
        return hasHadAny;
    }

    /** The stream shares and has no segment of its own: its {@link SharedTail} knows where it continues. */
    void hasNone() {
        loaded = true;
        recovered = true;
    }

    // ---------------------------------------------------------------- opening what is there

    /** Lists the stream's segments, once; opens none. */
    void load() throws IOException {
        if (loaded) {
            return;
        }
        // a temporary file may be another process's
        checkWriter();
        if (log.directories().mayHave(key)) {
            segments.load(directory, log.storage());
        }
        loaded = true;
        hasHadAny |= !segments.isEmpty();
        hasSegments.accept(!segments.isEmpty());
    }

    SegmentList loaded() throws IOException {
        load();
        return segments;
    }

    /** Recovers the newest segments, once; they are sealed. */
    void recover() {
        if (recovered) {
            return;
        }
        // another process may be writing already to what would be repaired
        checkWriter();
        try {
            if (log.packed().finishOwnCuts(key)) {
                segments.forget();
                loaded = false;
            }
            load();
            if (!segments.isEmpty()) {
                goOnFrom(recovered(segments.listed()));
            }
            next.after(log.packed().newest(key));
            recovered = true;
        } catch (IOException e) {
            throw StorageErrors.translate("open the stream", e, directory, key.text(), WalException.NO_POSITION, 0);
        } finally {
            if (!recovered) {
                // recovery may have removed files before it failed
                segments.forget();
                loaded = false;
            }
        }
    }

    /** A refused stream is read again only now and then, however often it is appended to. */
    private StreamRecovery.Outcome recovered(List<StreamRecovery.Listed> listed) throws IOException {
        Refusal before = refusal;
        if (before != null && before.listed().equals(listed) && System.nanoTime() - before.atNanos() < REFUSED_NANOS) {
            throw before.again();
        }
        try {
            return log.recovery().recover(key, directory, listed, next.lowestBase());
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            refusal = new Refusal(listed, e, System.nanoTime());
            throw e;
        }
    }

    private void goOnFrom(StreamRecovery.Outcome outcome) {
        wasDamaged = outcome.isDamaged();
        segments.remove(outcome.removed());
        if (segments.isEmpty()) {
            names.directoryGone();
            hasSegments.accept(false);
        }
        for (StreamRecovery.Unfinished unfinished : outcome.unfinished()) {
            ActiveSegment segment = opening.open(unfinished.header(), unfinished.file(), unfinished.tail());
            log.durability().opened(segment);
            segments.unfinished(segments.named(unfinished.header().name()), segment);
            retireRecovered(segment);
        }
        next.after(outcome);
    }

    /** Takes recovery's result over as a whole: if an empty segment can't be deleted now, that is reported, and it stays. */
    private void retireRecovered(ActiveSegment segment) {
        try {
            retire(segment);
        } catch (IOException e) {
            log.events().failed("delete an empty segment", key.text(), e);
        }
    }

    // ---------------------------------------------------------------- adding and sealing

    /** @param seen the previously active segment */
    void add(@Nullable ActiveSegment seen, ActiveSegment successor) {
        // listed first, for which there may be no memory: a segment that is appended to and not listed would never be forced
        segments.add(new SegmentEntry(successor));
        if (!active.compareAndSet(seen, successor)) {
            throw new IllegalStateException("active segment was changed without the rotation lock: stream=" + key);
        }
        hasHadAny = true;
    }

    /** Seals a segment and has its footer written, or deletes it if it is empty. After that it is known where the stream continues. */
    void retire(ActiveSegment segment) throws IOException {
        segment.seal();
        next.after(segment);
        SegmentEntry entry = segments.of(segment);
        if (entry == null || entry.isSealed()) {
            return;
        }
        if (segment.isTakenAway()) {
            segments.remove(entry);
            return;
        }
        if (segment.isEmpty()) {
            discard(segment);
            log.storage().delete(segment.file().path());
            segments.remove(entry);
            return;
        }
        giveToSealer(entry, segment);
    }

    private void giveToSealer(SegmentEntry entry, ActiveSegment segment) {
        SharedLog shared = log.shared();
        if (shared != null && key.equals(StreamKey.SHARED)) {
            shared.completed();
        }
        entry.seal();
        if (!log.sealer().add(segment)) {
            // no memory for it: a later sweep asks again
            entry.left();
        }
    }

    /** Like {@link #retire}; afterwards no segment is active, and none is prepared. */
    void deactivate(ActiveSegment segment) throws IOException {
        sealActive(segment);
        spare.clear();
    }

    /** As {@link #deactivate}; a prepared segment stays for the next append. */
    void sealActive(ActiveSegment segment) throws IOException {
        retire(segment);
        active.set(null);
    }

    /** Ends appends to the active segment. It needs no footer unless it stays; then the next sweep has it written. */
    void setAside() {
        ActiveSegment segment = active.get();
        if (segment == null) {
            spare.clear();
            return;
        }
        segment.seal();
        next.after(segment);
        SegmentEntry entry = segments.of(segment);
        if (entry != null && !entry.isSealed()) {
            entry.seal();
            entry.left();
        }
        active.set(null);
        spare.clear();
    }

    /** The segments that take no more records. */
    List<SegmentEntry> complete() {
        ActiveSegment segment = active();
        return segments.all().stream().filter(entry -> segment == null || segment.isSealed() || entry.unfinished() != segment).toList();
    }

    /** The newest sealed segment that doesn't have its final form yet; null if there is none. */
    @Nullable ActiveSegment lastSealed() {
        ActiveSegment last = null;
        for (ActiveSegment unfinished : segments.unfinished()) {
            last = unfinished.equals(active()) ? last : unfinished;
        }
        return last;
    }

    /** Requests once more the footers that could not be written. The last segment is enough: the sealer finishes those before it first. */
    void sealWhatWasLeft() {
        for (int i = segments.size() - 1; i >= 0; i--) {
            SegmentEntry entry = segments.all().get(i);
            ActiveSegment left = entry.unfinished();
            if (left != null && entry.isLeftUnfinished()) {
                giveToSealer(entry, left);
                return;
            }
        }
    }

    /** Seals the segment in this file once more, after a cut. */
    void sealAgain(SegmentEntry entry, SegmentHeader header, RecoveredTail tail) throws IOException {
        ActiveSegment segment = opening.open(header, log.storage().open(fileOf(entry)), tail);
        segment.seal();
        log.durability().opened(segment);
        segments.unfinished(entry, segment);
        giveToSealer(entry, segment);
    }

    /**
     * The footer of a segment that takes no more records; empty if it has none, and none can be made for it.
     *
     * <p>A footer isn't forced. So a loss of power may take it and leave later ones, and recovery doesn't look at segments before these. Its segment is whole
     * all the same: if a record ends where the next segment says that the data before it ended, the records tell what the footer has said.
     */
    Optional<Footer> footerOf(SegmentName name, SegmentFile file, SegmentHeader header) throws IOException {
        Footer footer = SegmentEnd.read(file, header).footer();
        SegmentEntry next = footer == null ? segments.behind(name) : null;
        if (next == null) {
            return Optional.ofNullable(footer);
        }
        long previousEnd;
        try (SegmentFile behind = log.storage().open(fileOf(next))) {
            previousEnd = log.packed().endBefore(key, name.basePosition(), headerOf(next.name(), behind).previousEnd());
        }
        SegmentEnd end = SegmentEnd.ofFile(file.size()).orByNext(header, previousEnd);
        return end.by() != SegmentEnd.By.SUCCESSOR ? Optional.empty()
                : SegmentCut.walkWhole(file, header, (int) end.offset()).map(tail -> new Footer(tail.tail(), tail.lastSize(), tail.index()));
    }

    // ---------------------------------------------------------------- taking away

    StreamLog.Deleted delete(SegmentEntry entry) throws IOException {
        long bytes = entry.bytes();
        ActiveSegment unfinished = entry.unfinished();
        if (unfinished != null) {
            discard(unfinished);
        }
        Path file = fileOf(entry);
        log.storage().delete(file);
        segments.remove(entry);
        return new StreamLog.Deleted(file, entry.name(), bytes);
    }

    private void discard(ActiveSegment unfinished) {
        if (!unfinished.discard()) {
            mappingStays(unfinished);
        }
    }

    void mappingStays(ActiveSegment unfinished) {
        log.events().failed("unmap", key.text(), new IllegalStateException(
                "an append never completed: file=" + unfinished.file().path()
                        + "; its mapping stays until the process ends"));
    }

    /** The last segment was deleted, and with it the directory. A stream that isn't recovered yet may still have data in packs. */
    void nothingIsLeft() throws IOException {
        names.directoryGone();
        hasSegments.accept(false);
        log.directories().deleteIfEmpty(key, log.storage());
    }

    /** A cut was recorded, or is completed: see {@link PendingCut}. */
    void cutBeganOrEnded() {
        hasSegments.accept(!segments.isEmpty());
    }

    /** The stream was deleted, with everything that it had anywhere. */
    void forget() {
        next.forget();
        hasSegments.accept(!segments.isEmpty());
    }

    /**
     * Makes durable, before a stream's last segment is deleted, that later segments begin above every position that was ever given. Writes
     * nothing if the start was raised since the segment was created.
     *
     * <p>The start isn't raised for the shared stream, which is deleted as a whole whenever all of it is packed. New streams begin at the start; a
     * consumer that sees a stream begin above an earlier start can't tell that the stream is new. The shared stream goes on where it ended: the
     * writer keeps that position for as long as the log is open ({@link SharedLog} refers to its stream), and each opening raises the start above
     * every position given.
     */
    void raiseStartAbove(long basePosition) throws IOException {
        if (key.equals(StreamKey.SHARED) && next.hasEnd()) {
            return;
        }
        Positions positions = log.positions().current();
        if (positions.start() - StreamPolicy.MAX_SEGMENT_BYTES < basePosition && positions.start() != positions.ceiling()) {
            log.positions().startAtCeiling();
        }
    }

    /** The window in the segment's header, which is read once. */
    Window windowOf(SegmentEntry entry) throws IOException {
        Window known = entry.window();
        if (known != null) {
            return known;
        }
        Window read = headerOf(entry).window();
        entry.windowIs(read);
        return read;
    }

    SegmentHeader headerOf(SegmentEntry entry) throws IOException {
        try (SegmentFile file = log.storage().open(fileOf(entry))) {
            return headerOf(entry.name(), file);
        }
    }

    SegmentHeader headerOf(SegmentName name, SegmentFile file) throws IOException {
        return SegmentFiles.readHeader(file, file.path(), key, name);
    }
}
