package dev.streamwal.tail;

import dev.streamwal.catalog.DirectoryWatch;
import dev.streamwal.catalog.ListedSegments;
import dev.streamwal.catalog.ListingAge;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.format.Positions;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.FileOperation;
import dev.streamwal.io.SharedFile;
import dev.streamwal.lookup.ScanBegin;
import dev.streamwal.lookup.ScanStart;
import dev.streamwal.segment.ReadSizes;
import dev.streamwal.walk.EndDoubt;
import dev.streamwal.walk.ReadMemory;
import dev.streamwal.walk.StreamScan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One of the streams of a {@link FollowedStreams}. It is awake, with a scan, or asleep, with little more than its key and its position. One thread.
 */
final class FollowedStream {

    private final String key;
    private final FileOperation<Boolean> sharedLook;
    private final ReadMemory memory;
    /** Bytes that {@link #memory} counts for it. */
    private int bufferBytes;
    /** Whether it is to be read, or is being read. */
    boolean wanted;
    /** Records delivered in its current turn. */
    int turn;
    /** The number of records delivered, of all streams, when this one got its head. */
    long headSince;
    /** When it came to rest after its last delivered record, by {@link System#nanoTime}. */
    long deliveredAt = System.nanoTime() - Long.MAX_VALUE / 2;
    /** The timestamp of the record that it stands on. */
    long headMillis;
    /** Whether it stands on a record that wasn't delivered. */
    boolean isHead;
    /** Whether it stands on a record that was delivered, and goes on behind that record. */
    boolean isOnDelivered;
    /** Whether names in its directory may have changed since it was read. */
    boolean hasNames;
    /** What to call {@link StreamScan#doubtEnd} with, before it is read again. */
    private EndDoubt sign = EndDoubt.NONE;
    /** Whether it was deleted, and has had no record since. */
    boolean isGone;
    /** Whether it was deleted, and will count as {@link #isGone} when it has been read to its end. */
    boolean goesAtItsEnd;
    /** Whether {@link NewStreams} knows it, and so will report when it has gone. */
    boolean isWatched;
    /** Whether the caller has said where to begin in it. */
    private boolean isPlaced;
    /** Where the caller wants it to begin, until its first scan begins there. */
    private @Nullable ScanBegin beginning;
    /** Whether it isn't followed any more. */
    boolean isForgotten;
    /** See {@link StreamScan#cameAfter}; null if no such moment is known. */
    private @Nullable Positions beforeItCame;

    private @Nullable StreamScan scan;
    private StreamScan.@Nullable Bookmark rest;
    /** {@link #resume()} when the tail was closed; {@link StreamScan#UNKNOWN} before. */
    private long endedAt = StreamScan.UNKNOWN;
    /** Whether records may still come at the place where it rests. */
    private boolean restMayGrow;

    /** How often the folder of streams had changed when this stream had no directory. */
    private long withoutDirectoryAt = -1;
    /** The directory's modification time; null if there is no directory, or before the first look. */
    private @Nullable FileTime modified;
    private long modifiedSince;
    private boolean settled = true;

    /** @param sharedLook looks for records in shared segments, and calls {@link #doubtEnd} of the streams that have got such records */
    FollowedStream(String key, FileOperation<Boolean> sharedLook, ReadMemory memory) {
        this.key = key;
        this.sharedLook = sharedLook;
        this.memory = memory;
    }

    String key() {
        return key;
    }

    /** See {@link StreamScan#cameAfter}; called before it is read. */
    void cameAfter(Positions before) {
        beforeItCame = before;
    }

    /** Whether it has a file open. */
    boolean holdsFile() {
        return scan != null && scan.holdsFile();
    }

    /** Whether it stands in a shared segment that begins below a position of the shared stream. */
    boolean isInSharedBelow(long position) {
        return scan != null && scan.isInSharedBelow(position);
    }

    StreamScan scan() {
        return Objects.requireNonNull(scan, "stream is asleep, and has no scan");
    }

    /** Where a later tail goes on: after the last delivered record. */
    long resume() {
        if (endedAt != StreamScan.UNKNOWN) {
            return endedAt;
        }
        if (scan == null) {
            return rest == null ? givenPosition() : rest.resume();
        }
        return isHead ? scan.record().position() : scan.nextPosition();
    }

    private long givenPosition() {
        ScanBegin given = beginning;
        return given == null ? 0 : given.reached().orElse(0);
    }

    /** Whether it is still before its first record, wherever that is, without a caller having placed it there. */
    boolean isUnread() {
        return !isPlaced && !isHead && resume() == 0;
    }

    /** Called before it is read. */
    void beginAt(ScanBegin given) {
        beginning = given;
        isPlaced = true;
    }

    /** Makes it rest at a place to which it was never read. Called before it is read. */
    void restAt(StreamScan.Bookmark end) {
        rest = end;
        isPlaced = true;
    }

    private void begin(StreamScan first) {
        scan = first;
        first.lookAgainBy(this::lookAgain);
        Positions before = beforeItCame;
        if (before != null) {
            first.cameAfter(before);
        }
    }

    /** Goes on where it fell asleep; if it never was awake, at its beginning. */
    void wake(LogSource log, FollowedStreams.Others others) throws IOException {
        if (scan == null) {
            begin(resumed(log, others));
            beginning = null;
        }
        passDoubt();
    }

    private boolean lookAgain() throws IOException {
        boolean isDecided = sharedLook.run();
        passDoubt();
        return isDecided;
    }

    private void passDoubt() {
        scan().doubtEnd(sign);
        sign = EndDoubt.NONE;
    }

    /** Called if records of it have come, or may have: see {@link StreamScan#doubtEnd}. */
    void doubtEnd(EndDoubt newSign) {
        sign = sign.and(newSign);
    }

    private StreamScan resumed(LogSource log, FollowedStreams.Others others) throws IOException {
        // the time is taken before the stream is listed and read
        boolean unused = hasAnotherTime(log);
        SegmentCatalog catalog = log.unsharedCatalog(key);
        ReadSizes sizes = ReadSizes.large(memory.readBytes(log.settings()));
        StreamScan.Bookmark from = rest;
        if (from != null) {
            return StreamScan.resumed(log, catalog, sizes, from);
        }
        ScanBegin given = beginning;
        return new ScanStart(log, catalog, sizes).tail(given == null ? others.begin(key) : given);
    }

    /** Goes to its next record, when it is awake; false if there is none. After an exception it has no buffers. */
    boolean next() {
        boolean isRead = false;
        try {
            boolean found = scan().next();
            isRead = true;
            return found;
        } finally {
            if (isRead) {
                bufferBytes = memory.recount(bufferBytes, scan);
            } else {
                releaseBuffers();
            }
        }
    }

    /**
     * Gives back its buffers; reading it further allocates them again. A stream that stands on an undelivered record keeps its buffers: otherwise it
     * would go on behind that record.
     */
    void releaseBuffers() {
        if (scan != null && !isHead) {
            scan.releaseMemory();
        }
        bufferBytes = memory.recount(bufferBytes, scan);
    }

    /** Gives back its file and buffers. False if it can't, because its scan has no place to resume at yet. */
    boolean sleep() {
        StreamScan current = scan;
        if (current == null) {
            return true;
        }
        StreamScan.Bookmark reached = isOnDelivered ? current.bookmarkBehind() : current.bookmark();
        if (reached == null) {
            return false;
        }
        rest = reached;
        isOnDelivered = false;
        restMayGrow = current.mayGrow();
        close();
        return true;
    }

    /** Whether records may still come where it has stopped: in a segment file of its own that had no footer. */
    boolean mayGrow() {
        return scan == null ? restMayGrow : scan.mayGrow();
    }

    /** Name that its directory has, if there is one. */
    String directoryName() {
        return StreamKey.of(key).directoryName();
    }

    /** Whether it had a directory when that was looked at last. */
    boolean hasDirectory() {
        return modified != null;
    }

    /** Whether it had no directory, and may have got one since. */
    boolean mayHaveGotDirectory(long folderChanges) {
        return modified == null && withoutDirectoryAt != folderChanges;
    }

    /** Notes that it had no directory after the folder of streams had changed this often. */
    void hadNoDirectory(long folderChanges) {
        withoutDirectoryAt = folderChanges;
    }

    /** As {@link #close}, after its directory was deleted; also drops the cached file. */
    void letGo(LogSource log) {
        boolean unused = sleep();
        close();
        StreamScan.Bookmark last = rest;
        if (last != null && last.base() >= 0) {
            log.channels().forget(file(log, last));
        }
    }

    private Path file(LogSource log, StreamScan.Bookmark stopped) {
        return log.streams().of(StreamKey.of(key)).resolve(new SegmentName(stopped.base(), stopped.expirationMillis()).fileName());
    }

    /** Closes it for good. It can still tell where a later tail goes on. */
    void end() {
        endedAt = resume();
        close();
    }

    void close() {
        StreamScan current = scan;
        scan = null;
        if (current != null) {
            current.close();
        }
        bufferBytes = memory.recount(bufferBytes, scan);
    }

    /**
     * Whether it may have more records since it was read to its end, by the same evidence as in {@link StreamTail}. After it returned true, the
     * stream must be read before this is called again.
     *
     * @param nanoTime now, or a little earlier
     * @param folderChanges how often the folder of streams is known to have changed
     */
    boolean mayHaveMore(LogSource log, long nanoTime, long folderChanges) throws IOException {
        hasNames |= isDirectoryNews(log, nanoTime);
        withoutDirectoryAt = folderChanges;
        return hasNames || isMoreWhereItStopped(log);
    }

    /** An unchanged time counts only if it was old enough when the directory was read: see {@link DirectoryWatch}. */
    private boolean isDirectoryNews(LogSource log, long nanoTime) throws IOException {
        if (hasAnotherTime(log)) {
            return true;
        }
        FileTime known = modified;
        if (settled || known == null || nanoTime - modifiedSince < ListingAge.settlingNanos(known)) {
            return false;
        }
        settled = true;
        return hasOtherSegments(log);
    }

    private boolean hasAnotherTime(LogSource log) throws IOException {
        FileTime now = modifiedNow(log);
        if (Objects.equals(now, modified)) {
            return false;
        }
        modified = now;
        // not when the look began, which may have been held up since: the directory may have changed just now
        modifiedSince = System.nanoTime();
        settled = now == null;
        return true;
    }

    /** Whether the stream's last segment isn't the one that it stands in. */
    private boolean hasOtherSegments(LogSource log) throws IOException {
        StreamScan.Bookmark stopped = scan == null ? rest : scan.bookmark();
        ListedSegments chain = log.unsharedCatalog(key).chain();
        return stopped == null || chain.size() == 0 || chain.get(chain.size() - 1).basePosition() != stopped.base();
    }

    private @Nullable FileTime modifiedNow(LogSource log) throws IOException {
        return DirectoryWatch.modified(() -> log.streams().of(StreamKey.of(key)));
    }

    /** Whether the commit word where it has stopped isn't zero any more. */
    boolean isMoreWhereItStopped(LogSource log) throws IOException {
        StreamScan current = scan;
        if (current != null) {
            return current.isMoreWhereItStopped();
        }
        StreamScan.Bookmark stopped = rest;
        if (stopped == null || !restMayGrow) {
            return false;
        }
        ByteBuffer word = ByteBuffer.allocate(Long.BYTES);
        // if another file has the name now, the directory has another time
        try (SharedFile bytes = log.channels().acquireAsOpened(file(log, stopped))) {
            return bytes.read(word, stopped.offset(StreamKey.of(key))) == Long.BYTES && word.getLong(0) != 0;
        } catch (NoSuchFileException e) {
            // the deletion has changed the directory's time
            return false;
        }
    }
}
