package dev.streamwal.tail;

import dev.streamwal.catalog.DirectoryWatch;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SharedArrivals;
import dev.streamwal.error.TooManyOpenFilesException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.Positions;
import dev.streamwal.io.DirectMemory;
import dev.streamwal.io.FileStep;
import dev.streamwal.io.IoFailure;
import dev.streamwal.lookup.ScanBegin;
import dev.streamwal.walk.EndDoubt;
import dev.streamwal.walk.ReadMemory;
import dev.streamwal.walk.StreamScan;
import dev.streamwal.walk.TailWalk;
import dev.streamwal.walk.WalkOfWalks;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Follows many streams. One thread; close it.
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
 * the record again. So the buffers exceed the limit by what one read adds.
 *
 * <p>A stream that was read to its end rests. The last few such streams keep their scans; of the others only a {@link FollowedStream} asleep is
 * kept.
 *
 * <p><b>Why no record is missed.</b> A stream that rests gets its next record in one of four places, and each is looked at:
 * <ol>
 * <li>in a shared segment. {@link SharedArrivals} tells each stream that has records published there, by one read of the newest segment.
 * <li>in a segment of its own, where the stream's scan has stopped. The commit word there isn't zero any more.
 * <li>in another segment of its own, in its existing directory. The directory gets another modification time; {@link DirectoryWatch} says when an
 *     unchanged time proves that nothing has changed.
 * <li>in a new directory. The folder of streams gets another modification time. {@link NewStreams} then finds the name, if the listing before
 *     didn't have it. And every stream without a directory is looked at again, because a stream that was deleted and came again between two listings
 *     is in both.
 * </ol>
 * The evidence for places 2 to 4 is taken before a stream is read; {@link StreamTail} lists what else may change, and why the commit word and the
 * directory's time show it. So a later look sees a record that comes while the stream is read, or afterwards.
 *
 * <p><b>What a look costs.</b> Places 1 and 4 are looked at for all streams at once, with a few calls. Place 1 is looked at each time. The other
 * places are looked at after a rest of {@link #REST_PER_LOOK} times the duration of a look at them, up to {@link LookPace#MAX_REST_NANOS}. So a
 * record in a shared segment doesn't wait for looks at thousands of directories. These looks take some milliseconds at most, and so a few hundredths
 * of a core; they take more only if tens of thousands of directories are listed because new names come, or if thousands of streams have come since the
 * look before. If a busy machine makes a look take long, the next one follows after the longest rest, not after a multiple of the look's duration.
 * Place 2 of streams that have got a record there within a second, and still have their scans, is looked at more often, because more records will come.
 *
 * <p>Each look at the other places covers place 2 of the streams that have stopped in a segment of their own without a footer, because their next
 * record mostly comes there. Every fourth look covers their place 3, and so does a look that finds the folder of streams changed, because such a
 * stream may have been deleted and have come again. Streams that share segments, and those of windows that are over, aren't among them. These streams
 * may have a directory too, for instance from a time when they didn't share. A few of them are looked at each time, in {@link DirectoryTurns turn}.
 * So after a pause, the first record in a segment of its own may be late by as many looks as a turn of the streams with a directory takes.
 */
public final class FollowedStreams extends WalkOfWalks implements TailWalk {

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
    /**
     * Maximum number of streams with a growing segment that are looked at each time, at 1 to 3 µs each; limited by the maximum of open files, too.
     */
    static final int MAX_GROWING = 1_024;
    /** One in this many looks at such a stream is at its directory: a new segment comes only once per window. */
    private static final int LOOKS_PER_DIRECTORY = 4;
    /** Number of deleted streams whose positions are kept, at some 200 bytes each. */
    static final int MAX_GONE = 1_000;
    /** How many of them are forgotten at a time: more than can go, because {@link NewStreams} looks for fewer at a time. */
    private static final int FORGOTTEN_PER_LOOK = 2 * NewStreams.MAX_LOOKS_IN_TURN;
    /**
     * Shortest rest between two looks at segments of streams' own and at directories; a record there may be this late. The rest is 128 times the
     * duration of a look if that is longer, up to {@link LookPace#MAX_REST_NANOS}.
     */
    private static final long MIN_REST_NANOS = 4_000_000;
    private static final int REST_PER_LOOK = 128;
    private static final int REST_PER_SHARED_LOOK = 64;
    /** For this long after a record in a stream's own segment, the next record is expected there. */
    private static final long RECENT_NANOS = 1_000_000_000;
    private static final int REST_PER_RECENT_LOOK = 8;
    /** Shortest rest between two looks at shared segments, which take one read for all streams. */
    private static final long MIN_REST_SHARED_NANOS = 200_000;

    /** What the caller knows of streams that aren't in the map that it gives, or that were forgotten. The thread that follows the streams asks for it. */
    public interface Others {

        /** Where to begin in a stream that isn't followed yet, or not any more. */
        ScanBegin begin(String key);

        /** Whether {@link #begin} tells enough about a deleted stream that was read to its end, so that its place needn't be kept here any more. */
        default boolean mayForget(String key) {
            return true;
        }
    }

    private final LogSource log;
    private final Others others;
    private final @Nullable NewStreams newStreams;
    private final DirectoryWatch folder;
    private long folderChanges;
    private final SharedArrivals arrivals;
    private final StreamScan.EndLook sharedLook = this::looksAtShared;
    private final KeyScope scope;
    private final ReadMemory memory;

    /**
     * The positions that the log's writer had given before the last look that found all streams, those in shared segments too. A stream that is found
     * later wasn't there at some moment of that look: see {@link StreamScan#cameAfter}.
     */
    private @Nullable Positions beforeAllWereFound;
    /** The positions that it had given later; they count for the next such look. */
    private @Nullable Positions beforeTheNextLook;
    /** After how many listings {@link #beforeTheNextLook} was read. */
    private int listings;
    /** The resting streams have left the shared segments that begin below this position of the shared stream, because these segments were packed. */
    private long leftBelow;
    /** Signs of records that were seen in packs since the last look at shared segments: see {@link #noteArrivals}. */
    private final Map<FollowedStream, EndDoubt> seenInPacks = new HashMap<>();

    private final Map<String, FollowedStream> streams = new HashMap<>();
    private final DirectoryTurns turns;
    private int looks;
    /** Streams that rest in a segment of their own that may grow, in the order in which they came to rest. */
    private final Set<FollowedStream> growing = new LinkedHashSet<>();
    /**
     * Deleted streams that were read to their ends, and of which records may come again. They are in the order in which they went, except those that
     * couldn't be forgotten yet at their turn.
     */
    private final Set<FollowedStream> gone = new LinkedHashSet<>();
    private final LookPace ownPace = new LookPace(REST_PER_LOOK, MIN_REST_NANOS);
    private final LookPace recentPace = new LookPace(REST_PER_RECENT_LOOK, MIN_REST_SHARED_NANOS);
    private final LookPace sharedPace = new LookPace(REST_PER_SHARED_LOOK, MIN_REST_SHARED_NANOS);

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
    private final int maxGrowing;
    private boolean closed;

    /**
     * Follows the streams of a scope.
     *
     * @param scope which streams; includes streams that come later, unless it names single keys
     * @param from where to begin, by key
     * @param others where to begin in streams without an entry in {@code from}, and which may be forgotten
     */
    public FollowedStreams(LogSource log, KeyScope scope, Map<String, ScanBegin> from, Others others) throws IOException {
        this(log, scope, from, others, MAX_BUFFER_BYTES);
    }

    /** As the public one, with another limit of all streams' buffers. */
    FollowedStreams(LogSource log, KeyScope scope, Map<String, ScanBegin> from, Others others, long maxBufferBytes) throws IOException {
        this.log = log;
        this.memory = new ReadMemory(maxBufferBytes, MAX_READ + MAX_AWAKE_UNREAD);
        this.maxGrowing = Math.min(MAX_GROWING, log.settings().maxOpenFiles());
        this.others = others;
        this.scope = scope;
        this.folder = new DirectoryWatch(log.streams()::path);
        this.arrivals = new SharedArrivals(log);
        this.turns = new DirectoryTurns(log, this::lookInTurn);
        this.newStreams = scope.exactKeys().isPresent() ? null : new NewStreams(log, scope);
        this.beforeTheNextLook = newStreams == null ? null : log.positions().orElse(null);
        // before any stream is read
        Map<String, Long> arrived = allInShared();
        try {
            begin(from);
            scope.exactKeys().orElse(Collections.emptyNavigableSet()).forEach(this::addIfNew);
            arrived.forEach(this::thereAtBegin);
            lookAtFolder();
            // what was seen in packs counts as seen from this look on
            lookAtShared();
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Where the caller wants a stream to begin as streams do that come later, nothing has to be found. */
    private void begin(Map<String, ScanBegin> from) throws IOException {
        Map<String, ScanBegin> chosen = new LinkedHashMap<>(from);
        chosen.entrySet().removeIf(each -> each.getValue().equals(others.begin(each.getKey())));
        Map<String, StreamScan.Bookmark> ends = ListedEnds.of(log, chosen);
        for (String key : from.keySet()) {
            FollowedStream stream = added(key);
            StreamScan.Bookmark end = ends.get(key);
            if (end != null) {
                stream.restAt(end);
                continue;
            }
            want(stream);
            ScanBegin beginning = chosen.get(key);
            if (beginning != null) {
                beginAt(stream, beginning);
            }
        }
    }

    /** Finds the place, so that a place where no record can be is reported at once. If a stream can't be read for now, that is reported at its turn. */
    private void beginAt(FollowedStream stream, ScanBegin beginning) throws IOException {
        stream.beginAt(beginning);
        try {
            stream.wake(log, others);
        } catch (IOException | WalIOException e) {
            if (beginning.reached().isEmpty()) {
                // positions() couldn't tell where it stands
                throw e;
            }
        }
        // a stream that was read to find its beginning keeps no file until its turn comes
        boolean unused = stream.holdsFile() && stream.sleep();
    }

    /** By key, where a stream's records end in the newest shared segment that has some. */
    private Map<String, Long> allInShared() throws IOException {
        Map<String, Long> ends = new LinkedHashMap<>();
        boolean unused = arrivals.look((key, end) -> ends.merge(key.text(), end, Math::max));
        return ends;
    }

    /** A stream that had records in shared segments at the first look. Those that rest already were listed later. */
    private void thereAtBegin(String key, long end) {
        FollowedStream known = streams.get(key);
        if (known == null || known.wanted) {
            arrived(key, known == null ? EndDoubt.seen(end) : EndDoubt.NONE);
        } else {
            watch(known);
        }
    }

    private FollowedStream add(String key) {
        FollowedStream stream = added(key);
        want(stream);
        return stream;
    }

    private FollowedStream added(String key) {
        FollowedStream stream = new FollowedStream(key, sharedLook, memory);
        Positions before = beforeAllWereFound;
        if (before != null) {
            stream.cameAfter(before);
        }
        streams.put(key, stream);
        turns.add(stream);
        return stream;
    }

    private void addIfNew(String key) {
        if (!streams.containsKey(key)) {
            add(key);
        }
    }

    private void want(FollowedStream stream) {
        if (!stream.wanted) {
            stream.wanted = true;
            stream.turn = 0;
            waiting.addLast(stream);
        }
    }

    // ---- moving

    @Override
    public boolean next() {
        checkUsable();
        try {
            goOnWithCurrent();
            lookMeanwhile();
            takeUpWaiting();
            FollowedStream chosen = chooseHead();
            if (chosen == null) {
                return false;
            }
            delivered++;
            if (delivered % TURN == 0) {
                maxRead = MAX_READ;
            }
            chosen.turn++;
            chosen.isHead = false;
            chosen.isOnDelivered = true;
            current = chosen;
            return true;
        } catch (IOException e) {
            throw log.failure("following streams", e, log.streams().path(), null, WalException.NO_POSITION);
        }
    }

    private void goOnWithCurrent() {
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
        boolean found = isNext || (stream.hasNames && nextByName(stream));
        if (found) {
            // the stream has come again; or it had a deleted file open, and the next turn of NewStreams finds that it has gone
            watch(stream);
            isThere(stream);
        }
        return found;
    }

    /** Makes sure that it is noticed when the stream goes, wherever its records are. */
    private void watch(FollowedStream stream) {
        if (!stream.isWatched && newStreams != null) {
            stream.isWatched = true;
            newStreams.follow(stream.key());
        }
    }

    /** A stream that exists isn't forgotten: its records would be read once more. */
    private void isThere(FollowedStream stream) {
        stream.goesAtItsEnd = false;
        if (stream.isGone) {
            stream.isGone = false;
            gone.remove(stream);
        }
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
        // moves it to the end of the set
        growing.remove(stream);
        if (stream.mayGrow()) {
            growing.add(stream);
            if (growing.size() > maxGrowing) {
                growing.remove(growing.iterator().next());
            }
        }
        awakeUnread.add(stream);
        // its shared segment may have been packed while the stream was read
        leavePacked(stream);
        if (awakeUnread.size() > MAX_AWAKE_UNREAD) {
            FollowedStream longest = awakeUnread.iterator().next();
            awakeUnread.remove(longest);
            sleep(longest);
        }
        if (stream.goesAtItsEnd) {
            go(stream);
        }
    }

    private void sleep(FollowedStream stream) {
        if (!stream.sleep()) {
            awakeUnread.add(stream);
        }
    }

    // ---- memory and files

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

    // ---- looking

    @Override
    public boolean mayHaveMore() {
        checkUsable();
        try {
            look();
        } catch (IOException e) {
            throw log.failure("looking for new records", e, log.streams().path(), null, WalException.NO_POSITION);
        }
        return !waiting.isEmpty();
    }

    /** Looks at shared segments each time. Looks at the other places, which take longer the more there are, only when they are due. */
    private void look() throws IOException {
        log.checkNotReplaced();
        lookAtShared();
        tryAgain();
        if (recentPace.isDue(System.nanoTime())) {
            lookAtRecent();
        }
        if (ownPace.isDue(System.nanoTime())) {
            lookAtOwn();
        }
    }

    private boolean looksAtShared() throws IOException {
        lookAtShared();
        return arrivals.progress().isDecided();
    }

    private void lookAtShared() throws IOException {
        long start = System.nanoTime();
        try {
            givingBack(() -> {
                // a look that fails is taken again, and reports all arrivals again
                List<Arrived> arrived = new ArrayList<>();
                noteArrivals(arrivals.look((key, end) -> arrived.add(new Arrived(key.text(), end))), arrived);
            });
        } finally {
            sharedPace.looked(start, System.nanoTime());
        }
    }

    private record Arrived(String key, long end) {}

    /**
     * If not all arrivals are known, other streams may have got records too, which have gone from the shared segments since the look before. Then
     * this doubt comes before the signs of this look, and before those of packs that were seen since the look before: the missed records may be older
     * than those that are there. The doubt concerns streams that this look has found, too.
     */
    private void noteArrivals(boolean areAll, List<Arrived> arrived) {
        EndDoubt before = areAll ? EndDoubt.NONE : EndDoubt.MAY_BE_MORE_SINCE;
        if (!areAll) {
            streams.values().forEach(stream -> stream.doubtEnd(before));
        }
        seenInPacks.forEach(FollowedStream::doubtEnd);
        seenInPacks.clear();
        arrived.forEach(each -> arrived(each.key(), before.and(EndDoubt.seen(each.end()))));
        if (!areAll || arrivals.progress().hasBecomeUndecided()) {
            streams.values().forEach(this::want);
        }
        if (arrivals.progress().packedBelow() != leftBelow) {
            leftBelow = arrivals.progress().packedBelow();
            List.copyOf(awakeUnread).forEach(this::leavePacked);
        }
    }

    /** Makes a stream leave its shared segment if that was packed. A deleted segment of its own is left when its directory's time has changed. */
    private void leavePacked(FollowedStream stream) {
        if (stream.isInSharedBelow(leftBelow)) {
            awakeUnread.remove(stream);
            sleep(stream);
        }
    }

    /**
     * Looks at the streams that have just got records, because they will get more soon. They are few, so this may be done more often than looks at
     * all others.
     */
    private void lookAtRecent() {
        long start = System.nanoTime();
        for (FollowedStream stream : awakeUnread) {
            if (!stream.wanted && start - stream.deliveredAt < RECENT_NANOS && stream.mayGrow() && hasMoreWhereItStopped(stream)) {
                want(stream);
            }
        }
        recentPace.looked(start, System.nanoTime());
    }

    private void lookAtOwn() throws IOException {
        long start = System.nanoTime();
        try {
            givingBack(() -> {
                long changesBefore = folderChanges;
                lookAtFolder();
                lookAtGrowing(System.nanoTime(), folderChanges != changesBefore);
                turns.take(folderChanges);
            });
        } finally {
            ownPace.looked(start, System.nanoTime());
        }
    }

    /** Takes a look. If the process can't open another file for it, or has no memory left, gives back one and repeats the look. */
    private void givingBack(FileStep look) throws IOException {
        for (boolean isDone = false; !isDone; ) {
            try {
                look.run();
                isDone = true;
            } catch (IOException e) {
                // each repetition has one stream less awake
                if (!(isTooManyOpenFiles(e) || isMemoryUsedUp(e)) || !giveBackOne()) {
                    throw e;
                }
            }
        }
    }

    /** Looks while records are being delivered, so that busy streams don't keep it from the others. */
    private void lookMeanwhile() throws IOException {
        long now = System.nanoTime();
        if (sharedPace.isDue(now) || ownPace.isDue(now)) {
            look();
        }
    }

    /**
     * Tries unreadable streams again. If other streams have records, it does so only after one of these was delivered, so that a stream that keeps
     * failing doesn't block the others.
     */
    private void tryAgain() {
        if (delivered != failedAt || heads.isEmpty()) {
            waiting.addAll(unreadable);
            unreadable.clear();
        }
    }

    private void look(FollowedStream stream, long now) {
        if (!stream.wanted && mayHaveMore(stream, now)) {
            want(stream);
        }
    }

    /**
     * @param mayHaveComeAgain whether a directory may be another one of the same name: in that case the file in which the stream stopped was deleted,
     * and never grows
     */
    private void lookAtGrowing(long now, boolean mayHaveComeAgain) {
        // each look checks the directories of other streams
        int turn = looks++;
        for (FollowedStream stream : growing) {
            if (turn++ % LOOKS_PER_DIRECTORY == 0 || mayHaveComeAgain) {
                look(stream, now);
            } else if (!stream.wanted && hasMoreWhereItStopped(stream)) {
                want(stream);
            }
        }
    }

    private boolean lookInTurn(FollowedStream stream) {
        if (stream.wanted || stream.isForgotten || growing.contains(stream)) {
            return false;
        }
        look(stream, System.nanoTime());
        return true;
    }

    private boolean mayHaveMore(FollowedStream stream, long now) {
        try {
            return stream.mayHaveMore(log, now, folderChanges);
        } catch (IOException e) {
            // reading the stream throws the reason
            return true;
        }
    }

    private boolean hasMoreWhereItStopped(FollowedStream stream) {
        try {
            return stream.isMoreWhereItStopped(log);
        } catch (IOException e) {
            return true;
        }
    }

    private void arrived(String key, EndDoubt sign) {
        FollowedStream known = streams.get(key);
        if (known != null) {
            known.doubtEnd(sign);
            watch(known);
            isThere(known);
            want(known);
        } else if (newStreams != null && scope.contains(key)) {
            FollowedStream found = add(key);
            found.doubtEnd(sign);
            watch(found);
        }
    }

    private void lookAtFolder() throws IOException {
        boolean mayHaveChanged = folder.mayHaveChanged();
        folderChanges += mayHaveChanged ? 1 : 0;
        NewStreams names = newStreams;
        if (names != null) {
            try {
                names.look(mayHaveChanged);
            } finally {
                // even after a failure: a stream that is read before the next look finds more than this look has
                addAndDrop(names);
            }
            noteWhenAllWereFound(names);
        }
        forgetGone();
    }

    /**
     * Called after each look at the folder and at packs, before which shared segments were looked at. The positions are read only if something was
     * listed.
     */
    private void noteWhenAllWereFound(NewStreams names) throws IOException {
        if (names.isCurrent()) {
            beforeAllWereFound = beforeTheNextLook;
            if (listings != names.listings()) {
                Positions now = log.positions().orElse(null);
                listings = names.listings();
                beforeTheNextLook = now;
            }
        }
    }

    private void addAndDrop(NewStreams names) {
        for (String key : names.found()) {
            want(followed(key));
        }
        // records of a stream that was followed before have come in shared segments, or in its directory, and the stream is wanted for these
        names.foundInPacks().forEach((key, lastBase) -> seenInPacks.put(followed(key), EndDoubt.seen(lastBase + 1)));
        names.gone().forEach(this::gone);
        names.taken();
    }

    /** The stream that was found; {@link NewStreams} finds each only once. */
    private FollowedStream followed(String key) {
        FollowedStream known = streams.get(key);
        if (known == null) {
            known = add(key);
        }
        known.isWatched = true;
        isThere(known);
        return known;
    }

    /**
     * Lets go of a deleted stream that was read to its end. A stream that wasn't is read first, reports its loss itself, and goes then. The position
     * reached is kept for the last {@link #MAX_GONE} such streams, and for those of which the caller needs the position, because a stream may come
     * again behind a gap.
     */
    private void gone(String key) {
        FollowedStream stream = streams.get(key);
        if (stream == null) {
            return;
        }
        stream.isWatched = false;
        if (!stream.wanted && hasMoreWhereItStopped(stream)) {
            // its file is still open
            want(stream);
        }
        if (stream.wanted) {
            stream.goesAtItsEnd = true;
        } else {
            go(stream);
        }
    }

    private void go(FollowedStream stream) {
        stream.goesAtItsEnd = false;
        letGo(stream);
        stream.isGone = true;
        gone.add(stream);
    }

    private void letGo(FollowedStream stream) {
        awakeUnread.remove(stream);
        growing.remove(stream);
        stream.letGo(log);
    }

    /**
     * Forgets the streams that went first, beyond {@link #MAX_GONE}, some at a time. If one of them comes again, it is followed as a new one, from where
     * the caller says then.
     */
    private void forgetGone() {
        for (int i = Math.min(FORGOTTEN_PER_LOOK, gone.size() - MAX_GONE); i > 0; i--) {
            FollowedStream stream = gone.iterator().next();
            gone.remove(stream);
            if (stream.wanted || !others.mayForget(stream.key())) {
                // asked again after all others in the set
                gone.add(stream);
            } else {
                letGo(stream);
                streams.remove(stream.key());
                stream.isForgotten = true;
            }
        }
    }

    @Override
    public void settle() {
        maxRead = MAX_READ;
        for (FollowedStream stream : List.copyOf(awakeUnread)) {
            awakeUnread.remove(stream);
            sleep(stream);
        }
    }

    /** Size of the buffers of all streams. */
    long bufferBytes() {
        return memory.bytes();
    }

    @Override
    public Map<String, Long> positions() {
        Map<String, Long> positions = new HashMap<>();
        streams.values().stream().filter(stream -> !isLeftToBegin(stream)).forEach(stream -> positions.put(stream.key(), stream.resume()));
        return positions;
    }

    /**
     * Whether the stream is left out of the positions. A later walk that gets no position of it begins with its first record, as this one would. A
     * walk from position 0 would report a loss of records before the first one, which never existed. Single keys keep their positions: a later walk
     * may follow only those that it gets.
     */
    private boolean isLeftToBegin(FollowedStream stream) {
        return newStreams != null && (stream.isGone || stream.isUnread()) && others.begin(stream.key()) instanceof ScanBegin.Oldest;
    }

    // ---- the record it stands on

    @Override
    protected StreamScan onRecord() {
        FollowedStream stream = current;
        if (stream == null) {
            checkUsable();
            throw new IllegalStateException("tail is on no record; call next() first, until it returns true");
        }
        return stream.scan();
    }

    @Override
    public void checkUsable() {
        if (closed) {
            throw new WalClosedException("cursor is closed: root=" + log.root() + "; open another one", log.root(), null,
                    WalException.NO_POSITION, null);
        }
        log.checkOpen();
    }

    @Override
    public void close() {
        closed = true;
        current = null;
        streams.values().forEach(FollowedStream::end);
    }
}
