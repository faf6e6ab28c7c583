package dev.streamwal.tail;

import dev.streamwal.catalog.DirectoryWatch;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.catalog.WriterView;
import dev.streamwal.format.StreamKey;
import dev.streamwal.walk.StreamScan;
import dev.streamwal.walk.TailWalk;
import dev.streamwal.walk.WalkOfWalks;
import java.io.IOException;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Follows one stream: a scan, and a cheap look at whether it is worth asking it again. One thread; close it.
 *
 * <p><b>What a look sees.</b> A scan that says "no more" stands
 * <ol>
 * <li>in a segment, at a commit word that was zero, or behind the end of the file;
 * <li>in a segment, at something that doesn't verify, with nothing valid behind it;
 * <li>behind the stream's last segment, or in a stream that isn't there.
 * </ol>
 * The look reads the commit word and the directory's modification time. Everything that gives the scan more changes one of them:
 * <ul>
 * <li>a record, by whatever path, and padding that fills a hole, by the writer or by the next one's recovery: the word
 * <li>a footer: it stands where the data ends, so its commit word is at this offset, unless the stream was cut before it
 * <li>a successor, prepared as a spare or not, a stream that comes, goes, or comes again, a new incarnation, which never appends to an old
 *     segment, a swept one: the directory, which the segment gets its name in, or loses it from, or which comes or goes itself
 * <li>a cut before this offset, in place or by a copy: nothing more comes in this segment then, and what comes gets a new one: the directory
 * <li>a file that is used again, a torn write that is completed: something stands there, so the word isn't zero, and the look says so every
 *     time. That costs a call to the scan each time, of which a tail makes fewer the longer they take.
 * </ul>
 * What the stream gets in shared segments is told by where it ends in them, as far as they have been walked; that is taken before the scan is
 * asked, too. The segment's mark, its length and its modification time add nothing to these. The directory's time is taken before the scan is asked,
 * so what changes meanwhile is seen by the next look; {@link DirectoryWatch} has the rest of that argument. In the process that writes, a
 * scan at what the writer has reserved doesn't list the directory: what is reserved is compared too, and taken before the scan is asked.
 */
public final class StreamTail extends WalkOfWalks implements TailWalk {

    private final LogSource log;
    private final StreamKey key;
    private final StreamScan scan;
    private final DirectoryWatch directory;

    private OptionalLong reserved = OptionalLong.empty();
    private boolean namesChanged;
    /** Of what the stream has in shared segments. */
    private long sharedEnd = -1;

    /** @param scan that tells gaps */
    public StreamTail(LogSource log, SegmentCatalog catalog, StreamScan scan) {
        this.log = log;
        this.key = catalog.key();
        this.scan = scan;
        this.directory = new DirectoryWatch(() -> log.streams().of(catalog.key()));
    }

    @Override
    public boolean next() {
        boolean found = scan.next();
        return found || (namesChanged && nextInDeleted());
    }

    /**
     * Where its segment has been deleted, there is an end to it: it is read up to there, and left, as an open file keeps its space. A segment
     * loses its name first, so what it has now is all it will ever have.
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
        try {
            boolean changed = directory.mayHaveChanged();
            namesChanged |= changed;
            boolean reservedMore = hasReserved();
            boolean sharedMore = hasShared();
            return reservedMore || sharedMore || changed || scan.isMoreWhereItStopped();
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
        sharedEnd = log.packs().look(manifest -> log.shared().end(key, manifest));
        return sharedEnd != before;
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
