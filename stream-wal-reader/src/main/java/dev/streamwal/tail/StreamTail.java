package dev.streamwal.tail;

import dev.streamwal.catalog.DirectoryWatch;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.catalog.SharedCatalog;
import dev.streamwal.catalog.SharedProgress;
import dev.streamwal.catalog.WriterView;
import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.shared.SharedSegment;
import dev.streamwal.walk.EndDoubt;
import dev.streamwal.walk.StreamScan;
import dev.streamwal.walk.TailWalk;
import dev.streamwal.walk.WalkOfWalks;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Follows one stream, by a scan and by a cheap look, which tells whether calling the scan again may bring a record. One thread; close it.
 *
 * <p><b>Why a look misses no record.</b> A scan that has no more records stands
 * <ol>
 * <li>in a segment, at a commit word that was zero, or at the end of the file;
 * <li>in a segment, at bytes that don't verify, with no valid record after them;
 * <li>after the stream's last segment, or in a stream that doesn't exist.
 * </ol>
 * The look reads the commit word and the directory's modification time. Everything that gives the scan more changes one of them:
 * <ul>
 * <li>a record, written in any way, and padding that fills a hole, by the writer or by the next writer's recovery: the word
 * <li>a footer: the word. A footer stands where the data ends, so its commit word is at this offset, unless the stream was cut before this offset
 * <li>a new segment, prepared as a spare or not; a stream that is created, deleted, or created again; a new incarnation, which never appends to an
 *     old segment; a swept segment: the directory, in which a segment gets or loses its name, or which is created or deleted itself
 * <li>a cut before this offset, in place or by a copy: the directory, because no more records come in this segment, and the next ones get a new
 *     segment
 * <li>a file that is used again, or a torn write that is completed: the word, which isn't zero, so that every look returns true. Each look then costs
 *     a call of the scan; a tail makes fewer such calls, the longer they take.
 * </ul>
 * Records in shared segments change the position where the stream ends in them, as far as they have been walked. The segment's mark, its length and
 * its modification time add nothing to these.
 *
 * <p>In the writer's process, a scan that has reached the end of the reserved space doesn't list the directory. So that end is compared, too.
 *
 * <p>The word and the times are read before the scan is called, so a change during the call is seen by the next look; {@link DirectoryWatch} has the
 * rest of the argument for the directory's time.
 */
public final class StreamTail extends WalkOfWalks implements TailWalk {

    private final LogSource log;
    private final StreamKey key;
    private final StreamScan scan;
    private final DirectoryWatch directory;

    private OptionalLong reserved = OptionalLong.empty();
    private boolean namesChanged;
    /** The end of the stream's records in shared segments. */
    private long sharedEnd = -1;
    private final SharedProgress sharedProgress;
    private boolean isFirst = true;

    /** @param scan which reports gaps */
    public StreamTail(LogSource log, SegmentCatalog catalog, StreamScan scan) {
        this.log = log;
        this.key = catalog.key();
        this.scan = scan;
        this.sharedProgress = new SharedProgress(log, key);
        this.directory = new DirectoryWatch(() -> log.streams().of(catalog.key()));
        scan.lookAgainBy(this::looksAtShared);
    }

    @Override
    public boolean next() {
        if (isFirst || scan.hasEnded()) {
            isFirst = false;
            lookAtShared();
        }
        return scan.next() || ((namesChanged || isInPacked()) && nextInDeleted());
    }

    /** Whether the scan stands in a shared segment that was packed, and so is deleted. */
    private boolean isInPacked() {
        return scan.isInSharedBelow(sharedProgress.packedBelow());
    }

    private boolean looksAtShared() {
        lookAtShared();
        return sharedProgress.isDecided();
    }

    /**
     * A record that is in a shared segment before the scan is called, and has gone from there when the scan looks for it, casts doubt on the scan's
     * end.
     */
    private void lookAtShared() {
        checkUsable();
        log.checkNotReplaced();
        try {
            boolean unused = hasShared();
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /**
     * Reads a deleted segment to its end, and then leaves it, because an open file keeps its disk space. A segment loses its name first, so it gets
     * no more records.
     */
    private boolean nextInDeleted() {
        try {
            boolean isInDeleted = scan.isInDeleted();
            boolean found = isInDeleted && scan.next();
            if (isInDeleted && !found) {
                scan.leaveSegment();
                found = scan.next();
            }
            namesChanged = found;
            return found;
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public boolean mayHaveMore() {
        checkUsable();
        log.checkNotReplaced();
        try {
            boolean changed = directory.mayHaveChanged();
            namesChanged |= changed;
            boolean reservedMore = hasReserved();
            boolean sharedMore = hasShared();
            return reservedMore || sharedMore || changed || isInPacked() || scan.isMoreWhereItStopped();
        } catch (IOException e) {
            throw failure(e);
        }
    }

    private boolean hasReserved() {
        WriterView writer = log.writer();
        if (writer == null) {
            return false;
        }
        OptionalLong before = reserved;
        reserved = writer.reservedEnd(key.text());
        return !reserved.equals(before);
    }

    private boolean hasShared() throws IOException {
        long before = sharedEnd;
        boolean isAll = sharedProgress.look((manifest, live) -> {
            sharedProgress.looked(live, segment -> true);
            // read after the look, so these ends cover all records up to where the segments have been walked by now
            readEnds(live, manifest);
        });
        if (!isAll) {
            scan.doubtEnd(EndDoubt.MAY_BE_MORE);
        }
        return !isAll || sharedEnd != before;
    }

    private void readEnds(List<SharedSegment> live, Manifest manifest) {
        sharedEnd = -1;
        for (SharedSegment segment : live) {
            sharedEnd = Math.max(sharedEnd, SharedCatalog.end(segment, key, manifest));
            long seenTo = segment.seenTo(key);
            if (seenTo >= 0) {
                scan.doubtEnd(EndDoubt.seen(seenTo));
            }
        }
    }

    private RuntimeException failure(IOException e) {
        return log.failure("looking for new records", e, log.streams().path(), key.text(), scan.nextPosition());
    }

    @Override
    public void settle() {
        scan.releaseMemory();
    }

    @Override
    public Map<String, Long> positions() {
        return Map.of(key.text(), nextPosition());
    }

    @Override
    public void checkUsable() {
        scan.checkUsable();
    }

    @Override
    protected StreamScan onRecord() {
        return scan;
    }

    @Override
    public String key() {
        return key.text();
    }

    @Override
    public void close() {
        scan.close();
    }
}
