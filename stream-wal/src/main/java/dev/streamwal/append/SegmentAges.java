package dev.streamwal.append;

import dev.streamwal.append.StreamLog.Settled;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.Window;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.retention.MisdatedSegments;
import dev.streamwal.retention.StreamPolicy;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * How old a stream's segments are: tells sweeps and packing which windows are over, and seals the segment that is appended to when it is old enough.
 * Guarded by the stream's rotation lock, if nothing else is said.
 */
final class SegmentAges {

    private static final long NONE = -1;

    private final LogContext log;
    private final StreamPolicy policy;
    private final ReentrantLock rotation;
    private final SegmentChain chain;
    private final SegmentList segments;
    private final PendingCut pendingCut;
    private final SegmentCreation creation;

    private long endAtLastPass = NONE;

    SegmentAges(StreamLog stream, ReentrantLock rotation, SegmentChain chain, PendingCut pendingCut, SegmentCreation creation) {
        this.log = stream.log();
        this.policy = stream.policy();
        this.rotation = rotation;
        this.chain = chain;
        this.segments = chain.segments;
        this.pendingCut = pendingCut;
        this.creation = creation;
    }

    /** See {@link StreamLog#sealIfIdle}. */
    void sealIfIdle(long nowMillis) throws IOException {
        chain.load();
        chain.sealWhatWasLeft();
        ActiveSegment segment = chain.active();
        if (segment == null) {
            return;
        }
        boolean idle = hasRested(segment.reservedEnd()) && segment.windowEndMillis() <= nowMillis;
        if (idle || segment.expirationMillis() <= nowMillis || segment.isSealed()) {
            chain.deactivate(segment);
        }
    }

    /** Whether nothing was appended since the last call. */
    private boolean hasRested(long end) {
        boolean hasRested = end == endAtLastPass;
        endAtLastPass = end;
        return hasRested;
    }

    /** See {@link StreamLog#sealUnlessCreatedBetween}. To be called without locks. */
    void sealUnlessCreatedBetween(long fromMillis, long toMillis) throws IOException {
        ActiveSegment now = chain.active();
        if (now != null && isCreatedOutside(now, fromMillis, toMillis)) {
            creation.prepareHalfOf(now);
        }
        ActiveSegment last;
        rotation.lock();
        try {
            chain.checkOpen();
            ActiveSegment segment = chain.active();
            if (segment != null && isCreatedOutside(segment, fromMillis, toMillis)) {
                chain.sealActive(segment);
            }
            last = chain.lastSealed();
        } finally {
            rotation.unlock();
        }
        if (last != null) {
            log.sealer().sealNow(last);
        }
    }

    private static boolean isCreatedOutside(ActiveSegment segment, long fromMillis, long toMillis) {
        long created = segment.header().createdMillis();
        return !segment.isEmpty() && (created <= fromMillis || created > toMillis);
    }

    /** See {@link StreamLog#expiryView}. */
    List<ExpiryPlan.Segment> expiryView(long nowMillis, boolean isCompared, MisdatedSegments.InPacks inPacks) throws IOException {
        chain.load();
        List<ExpiryPlan.Segment> views = new ArrayList<>(segments.size());
        for (SegmentEntry entry : segments.all()) {
            SegmentName name = entry.name();
            boolean hasSuccessor = !entry.equals(segments.newest());
            boolean expiredUntouched = !chain.isRecovered() && name.expirationMillis() <= nowMillis;
            boolean deletable = entry.isSealed() || hasSuccessor || (chain.active() == null && chain.isRecovered()) || expiredUntouched;
            views.add(new ExpiryPlan.Segment(name.basePosition(), name.expirationMillis(),
                    isCompared ? windowEndOf(entry) : windowEndNow(name), entry.bytes(), deletable));
        }
        MisdatedSegments.Ahead ahead = index -> log.time().isAhead(windowStart(segments.all().get(index)), nowMillis);
        // a stream that is appended to here has nothing behind its files
        return MisdatedSegments.withDueExpirations(nowMillis, views, ahead, chain.active() == null, inPacks);
    }

    /** If the header can't be read, the segment counts as as old as possible, and keeps its expiration. */
    private long windowStart(SegmentEntry entry) {
        try {
            return chain.windowOf(entry).startMillis();
        } catch (IOException | WalException e) {
            return Long.MIN_VALUE;
        }
    }

    private long windowEndOf(SegmentEntry entry) throws IOException {
        try {
            return chain.windowOf(entry).endMillis();
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            // readers of the segment get the exception
            return windowEndNow(entry.name());
        }
    }

    private long windowEndNow(SegmentName name) {
        return name.expirationMillis() - policy.retentionMillis();
    }

    /** See {@link StreamLog#windowEnds}. */
    NavigableMap<Long, Long> windowEnds() throws IOException {
        chain.recover();
        NavigableMap<Long, Long> ends = new TreeMap<>();
        for (SegmentEntry entry : segments.all()) {
            ends.put(entry.name().basePosition(), chain.windowOf(entry).endMillis());
        }
        return ends;
    }

    /** See {@link StreamLog#oldestSettled}. */
    List<Settled> oldestSettled(long nowMillis, long maxBytes) throws IOException {
        chain.load();
        if (segments.size() < 2) {
            return List.of();
        }
        chain.recover();
        pendingCut.awaitDecision();
        pendingCut.finish(gone -> {});
        List<Settled> settled = new ArrayList<>();
        for (SegmentEntry entry : segments.all().subList(0, Math.max(0, segments.size() - 1))) {
            if (entry.unfinished() != null || entry.bytes() > maxBytes) {
                break;
            }
            Window window = chain.windowOf(entry);
            if (window.endMillis() > nowMillis) {
                break;
            }
            settled.add(new Settled(entry.name(), window, entry.bytes()));
        }
        return settled;
    }
}
