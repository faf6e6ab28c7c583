package dev.streamwal.tail;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.error.TooManyOpenFilesException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.io.DirectMemory;
import dev.streamwal.io.IoFailure;
import dev.streamwal.walk.ReadMemory;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the streams of a {@link FollowedStreams} that are wanted, merged by timestamp. One thread.
 *
 * <p>A stream is <i>wanted</i> while it may have undelivered records. At most {@link #MAX_READ} wanted streams are read at a time. Each of these
 * stands on a record, its head, and the head with the smallest timestamp is delivered next. So existing records are merged by time, as far as they
 * are in the streams that are read. Two rules keep a stream from starving others: a head that was passed over {@link #PATIENCE} times comes next
 * whatever its time, and a stream that has delivered {@link #TURN} records gives way if others wait to be read.
 *
 * <p>Fewer streams are read, but always one, if the reader has no room for more files by its {@code maxOpenFiles}, which counts its other cursors
 * too, or if the process can't open more. Then streams give back their files, those that aren't being read first. After {@link #TURN} more records,
 * more streams are tried again.
 *
 * <p>Fewer streams are read, too, while their buffers together exceed a limit, as with large records, or while the process has no direct memory for
 * more. Then the streams that don't stand on an undelivered record give back their buffers. A stream that stands on one doesn't: it would have to read
 * the record again. So the buffers exceed the limit by what one read adds. Where there was no direct memory, the limit is lower for {@link #TURN}
 * records, so that not every stream that comes to be read finds that out anew, which takes half a second each time.
 *
 * <p>A stream that was read to its end rests. The last few such streams keep their scans; of the others only a {@link FollowedStream} asleep is
 * kept.
 */
final class WantedStreams {

    /** Maximum number of streams that are read at a time; each takes a descriptor and at least 64 KiB. */
    static final int MAX_READ = 64;
    /** Number of resting streams that keep their scans: streams that got records lately will get more. */
    static final int MAX_AWAKE_UNREAD = 64;
    /**
     * Maximum size of the buffers of all these streams together, unless a single record is larger: an eighth of the direct memory, of which a process mostly
     * has as much as heap. An allocator of memory in chunks may take twice as much, and the program has other uses for it. With a heap of 1 GiB or more, each
     * stream may read 1 MiB at a time.
     */
    static final long MAX_BUFFER_BYTES = Math.min(128 << 20, Runtime.getRuntime().maxMemory() / 8);
    static final int TURN = 1_024;
    /**
     * Used in place of {@link #TURN} while the buffers exceed their limit: few streams are read then, and their records are large, so that the others
     * would wait for long.
     */
    static final int TURN_OF_LARGE = 16;
    static final int PATIENCE = 1_024;
    /** After this many records the heads are searched for one that has waited too long. */
    private static final int PATIENCE_STRIDE = 64;

    private final LogSource log;
    private final FollowedStreams.Others others;
    private final ReadMemory memory;
    private final Consumer<FollowedStream> found;
    private final Consumer<FollowedStream> rested;

    /** Wanted streams that aren't read yet. */
    private final ArrayDeque<FollowedStream> waiting = new ArrayDeque<>();
    /** Wanted streams that couldn't be read; the other streams go on without them. */
    private final List<FollowedStream> unreadable = new ArrayList<>();
    /** The number of delivered records when the last of the unreadable streams failed. */
    private long failedAt;
    /** Streams that are read, and stand on an undelivered record. */
    private final PriorityQueue<FollowedStream> heads =
            new PriorityQueue<>(Comparator.comparingLong((FollowedStream stream) -> stream.headMillis).thenComparingLong(s -> s.headSince));
    /** Streams with a scan that aren't read: they rest, or are wanted again. In the order in which they came to rest. */
    private final Set<FollowedStream> awakeUnread = new LinkedHashSet<>();
    /** How many streams may be read at a time: fewer than {@link #MAX_READ} after the process couldn't open more files. */
    private int maxRead = MAX_READ;
    /** The stream of the last delivered record. */
    private @Nullable FollowedStream current;
    private long delivered;

    /**
     * No stream is wanted yet.
     *
     * @param maxBufferBytes limit of all streams' buffers, unless a single record is larger
     * @param found receives each stream of which a record is found
     * @param rested receives each stream that was read to its end
     */
    WantedStreams(LogSource log, FollowedStreams.Others others, long maxBufferBytes, Consumer<FollowedStream> found, Consumer<FollowedStream> rested) {
        this.log = log;
        this.others = others;
        this.memory = new ReadMemory(maxBufferBytes, MAX_READ + MAX_AWAKE_UNREAD);
        this.found = found;
        this.rested = rested;
    }

    /** Has a stream read, because it may have more records. */
    void add(FollowedStream stream) {
        if (!stream.wanted) {
            stream.wanted = true;
            stream.turn = 0;
            waiting.addLast(stream);
        }
    }

    /** Whether streams wait to be read. */
    boolean hasWaiting() {
        return !waiting.isEmpty();
    }

    /** The stream of the record that was delivered last; null if it has been given up since, or there was none. */
    @Nullable FollowedStream current() {
        return current;
    }

    /** The streams with a scan that aren't read. */
    Collection<FollowedStream> awake() {
        return awakeUnread;
    }

    /** A stream that is let go of. */
    void forget(FollowedStream stream) {
        awakeUnread.remove(stream);
    }

    /** What counts the buffers of all streams. */
    ReadMemory memory() {
        return memory;
    }

    void close() {
        current = null;
    }

    // ---- moving

    /** The stream of the last delivered record is read further, before others. */
    void goOnWithCurrent() {
        FollowedStream stream = current;
        if (stream == null) {
            return;
        }
        current = null;
        if (!hasMemory()) {
            // others may be read before it
            stream.releaseBuffers();
        }
        waiting.addFirst(stream);
    }

    /** Goes to the next record; false if no wanted stream has one. */
    boolean next() throws IOException {
        takeUpWaiting();
        FollowedStream chosen = chooseHead();
        if (chosen == null) {
            return false;
        }
        delivered++;
        if (delivered % TURN == 0) {
            tryMore();
        }
        chosen.turn++;
        chosen.isHead = false;
        chosen.isOnDelivered = true;
        current = chosen;
        return true;
    }

    /** Reads waiting streams. Each gets a head, rests, or gives way. One that throws stays the first, unless it can't be read. */
    private void takeUpWaiting() throws IOException {
        while (heads.size() < maxRead && !waiting.isEmpty() && mayRead(waiting.getFirst())) {
            FollowedStream stream = waiting.getFirst();
            awakeUnread.remove(stream);
            long bytesBefore = memory.bytes();
            boolean hasMore;
            try {
                hasMore = readNext(stream);
            } catch (IOException | WalIOException e) {
                if ((isTooManyOpenFiles(e) && goOnWithFewer()) || (isMemoryUsedUp(e) && goOnWithLess(bytesBefore))) {
                    continue;
                }
                waiting.removeFirst();
                unreadable.add(stream);
                failedAt = delivered;
                throw e;
            }
            waiting.removeFirst();
            if (!hasMore) {
                rest(stream);
            } else if (stream.turn >= (memory.isExceeded() ? TURN_OF_LARGE : TURN) && othersWait() && stream.sleep()) {
                stream.turn = 0;
                waiting.addLast(stream);
            } else {
                stream.headMillis = stream.scan().record().timestampMillis();
                stream.headSince = delivered;
                stream.isHead = true;
                heads.add(stream);
            }
        }
    }

    private boolean readNext(FollowedStream stream) throws IOException {
        stream.wake(log, others);
        boolean isNext = stream.next();
        stream.isOnDelivered = false;
        boolean hasRecord = isNext || (stream.hasNames && nextByName(stream));
        if (hasRecord) {
            found.accept(stream);
        }
        return hasRecord;
    }

    /** Whether more streams wait than there are free places. */
    private boolean othersWait() {
        return waiting.size() >= maxRead - heads.size() || (!waiting.isEmpty() && (log.channels().room() <= 0 || memory.isExceeded()));
    }

    /** Leaves a segment that was deleted while it was open, and has been read to its end by now. The stream goes on by a new listing. */
    private boolean nextByName(FollowedStream stream) throws IOException {
        stream.hasNames = false;
        if (!stream.sleep()) {
            return false;
        }
        stream.wake(log, others);
        return stream.next();
    }

    private void rest(FollowedStream stream) {
        stream.wanted = false;
        if (stream.turn > 0) {
            stream.deliveredAt = System.nanoTime();
        }
        awakeUnread.add(stream);
        rested.accept(stream);
        if (awakeUnread.size() > MAX_AWAKE_UNREAD) {
            toSleep(awakeUnread.iterator().next());
        }
    }

    /** Gives back a stream's file and buffers, unless it can't resume yet. */
    void toSleep(FollowedStream stream) {
        awakeUnread.remove(stream);
        if (!stream.sleep()) {
            awakeUnread.add(stream);
        }
    }

    /**
     * Tries unreadable streams again. If other streams have records, it does so only after one of these was delivered, so that a stream that keeps
     * failing doesn't block the others.
     */
    void tryAgain() {
        if (delivered != failedAt || heads.isEmpty()) {
            waiting.addAll(unreadable);
            unreadable.clear();
        }
    }

    /** Gives back the files and buffers of all streams that rest. */
    void settle() {
        tryMore();
        List.copyOf(awakeUnread).forEach(this::toSleep);
    }

    // ---- memory and files

    private void tryMore() {
        maxRead = MAX_READ;
        memory.tryMore();
    }

    /** Whether there is memory for reading more. If need be, streams that aren't read give theirs back, those that have rested for the longest time first. */
    private boolean hasMemory() {
        if (memory.isExceeded()) {
            for (FollowedStream stream : awakeUnread) {
                stream.releaseBuffers();
                if (!memory.isExceeded()) {
                    break;
                }
            }
        }
        return !memory.isExceeded();
    }

    /** Whether a stream may be read, for which it may have to open a file. One stream always may, so that there is progress. */
    private boolean mayRead(FollowedStream stream) {
        if (!hasMemory() && !heads.isEmpty()) {
            return false;
        }
        while (!stream.holdsFile() && log.channels().room() <= 0) {
            if (!giveBackUnread()) {
                return heads.isEmpty();
            }
        }
        return true;
    }

    /** Gives back a file of a stream that isn't read; false if there is none. */
    private boolean giveBackUnread() {
        for (FollowedStream stream : awakeUnread) {
            if (stream.holdsFile() && stream.sleep()) {
                awakeUnread.remove(stream);
                return true;
            }
        }
        return false;
    }

    /**
     * Gives back a file of a stream that waits for its turn and holds the file because its last turn ended with an exception, like that of the first
     * stream in the queue. False if there is none.
     */
    private boolean giveBackWaiting() {
        FollowedStream first = waiting.getFirst();
        for (FollowedStream stream : waiting) {
            if (stream != first && stream.holdsFile() && stream.sleep()) {
                return true;
            }
        }
        return false;
    }

    /** Called if the process couldn't open another file. Frees a file or lowers {@link #maxRead}; false if neither is possible. */
    private boolean goOnWithFewer() {
        return giveBackUnread() || giveBackWaiting() || readFewer();
    }

    private boolean readFewer() {
        if (heads.isEmpty()) {
            return false;
        }
        maxRead = heads.size();
        return true;
    }

    /**
     * Called if the process had no direct memory for a read; the stream that was read has given back its buffers. Gives back the buffers of the streams
     * that aren't read, or lowers {@link #maxRead}; false if neither is possible.
     */
    private boolean goOnWithLess(long bytesBefore) {
        awakeUnread.forEach(FollowedStream::releaseBuffers);
        memory.hadNoRoomBesides(bytesBefore);
        // the read is repeated only if the buffers take less memory than before it
        return memory.bytes() < bytesBefore || readFewer();
    }

    /** As {@link #goOnWithFewer}, if the file, or memory, is wanted for something other than a stream. */
    private boolean giveBackOne() {
        if (giveBackUnread()) {
            return true;
        }
        FollowedStream latest = latestHead();
        if (latest == null) {
            return false;
        }
        // it stands on a record, and goes on there later
        boolean sleeps = latest.sleep();
        heads.remove(latest);
        latest.isHead = false;
        waiting.addLast(latest);
        maxRead = Math.max(1, heads.size());
        return sleeps;
    }

    private @Nullable FollowedStream latestHead() {
        FollowedStream latest = null;
        for (FollowedStream head : heads) {
            latest = latest == null || head.headMillis > latest.headMillis ? head : latest;
        }
        return latest;
    }

    /** Called if a look at streams has failed. Gives back a file, or memory, if that is what the look lacked; false if there is nothing to give back. */
    boolean giveBackFor(IOException failure) {
        return (isTooManyOpenFiles(failure) || isMemoryUsedUp(failure)) && giveBackOne();
    }

    private static boolean isTooManyOpenFiles(Exception e) {
        return e instanceof TooManyOpenFilesException || (e instanceof IOException failure && IoFailure.isTooManyOpenFiles(failure));
    }

    private static boolean isMemoryUsedUp(Exception e) {
        return e instanceof DirectMemory.UsedUpException || e.getCause() instanceof DirectMemory.UsedUpException;
    }

    private @Nullable FollowedStream chooseHead() {
        if (delivered % PATIENCE_STRIDE == 0) {
            for (FollowedStream head : heads) {
                if (delivered - head.headSince >= PATIENCE) {
                    heads.remove(head);
                    return head;
                }
            }
        }
        return heads.poll();
    }
}
