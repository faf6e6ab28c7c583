package dev.streamwal.tail;

import dev.streamwal.catalog.DirectoryWatch;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SharedArrivals;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.Positions;
import dev.streamwal.io.FileOperation;
import dev.streamwal.io.FileStep;
import dev.streamwal.lookup.ScanBegin;
import dev.streamwal.walk.EndDoubt;
import dev.streamwal.walk.StreamScan;
import dev.streamwal.walk.TailWalk;
import dev.streamwal.walk.WalkOfWalks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Follows many streams. One thread; close it.
 *
 * <p>{@link WantedStreams} reads the streams that may have undelivered records, merged by time. The others rest, and this class finds out when one of
 * them may have more.
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
    private final FileOperation<Boolean> sharedLook = this::looksAtShared;
    private final KeyScope scope;
    private final WantedStreams wanted;

    /**
     * What the log's writer said before the last look that found all streams, those in shared segments too. A stream that is found later wasn't there at some
     * moment of that look: see {@link StreamScan#cameAfter}.
     */
    private @Nullable Positions beforeAllWereFound;
    /** What it said later; it counts for the next such look. */
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
        this(log, scope, from, others, WantedStreams.MAX_BUFFER_BYTES);
    }

    /** As the public one, with another limit of all streams' buffers. */
    FollowedStreams(LogSource log, KeyScope scope, Map<String, ScanBegin> from, Others others, long maxBufferBytes) throws IOException {
        this.log = log;
        this.wanted = new WantedStreams(log, others, maxBufferBytes, this::found, this::rested);
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
            wanted.add(stream);
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
        boolean unused = arrivals.look((key, end) -> ends.merge(key.text(), end, Math::max), (key, end) -> {});
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
        wanted.add(stream);
        return stream;
    }

    private FollowedStream added(String key) {
        FollowedStream stream = new FollowedStream(key, sharedLook, wanted.memory());
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

    // ---- moving

    @Override
    public boolean next() {
        checkUsable();
        try {
            wanted.goOnWithCurrent();
            lookMeanwhile();
            return wanted.next();
        } catch (IOException e) {
            throw log.failure("following streams", e, log.streams().path(), null, WalException.NO_POSITION);
        }
    }

    private void found(FollowedStream stream) {
        // the stream has come again; or it had a deleted file open, and the next turn of NewStreams finds that it has gone
        watch(stream);
        isThere(stream);
    }

    private void rested(FollowedStream stream) {
        // moves it to the end of the set
        growing.remove(stream);
        if (stream.mayGrow()) {
            growing.add(stream);
            if (growing.size() > maxGrowing) {
                growing.remove(growing.iterator().next());
            }
        }
        // its shared segment may have been packed while the stream was read
        leavePacked(stream);
        if (stream.goesAtItsEnd) {
            go(stream);
        }
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

    // ---- looking

    @Override
    public boolean mayHaveMore() {
        checkUsable();
        try {
            look();
        } catch (IOException e) {
            throw log.failure("looking for new records", e, log.streams().path(), null, WalException.NO_POSITION);
        }
        return wanted.hasWaiting();
    }

    /** Looks at shared segments each time. Looks at the other places, which take longer the more there are, only when they are due. */
    private void look() throws IOException {
        log.checkNotReplaced();
        lookAtShared();
        wanted.tryAgain();
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
        look(sharedPace, () -> {
            // a look that fails is taken again, and reports all arrivals again
            List<Arrived> arrived = new ArrayList<>();
            List<Arrived> deleted = new ArrayList<>();
            boolean areAll = arrivals.look((key, end) -> arrived.add(new Arrived(key.text(), end)), (key, end) -> deleted.add(new Arrived(key.text(), end)));
            noteArrivals(areAll, arrived, deleted);
        });
    }

    private record Arrived(String key, long end) {}

    /**
     * If not all arrivals are known, other streams may have got records too, which have gone from the shared segments since the look before. Then
     * this doubt comes before the signs of this look, and before those of packs that were seen since the look before: the missed records may be older
     * than those that are there. The doubt concerns streams that this look has found, too.
     */
    private void noteArrivals(boolean areAll, List<Arrived> arrived, List<Arrived> deleted) {
        EndDoubt before = areAll ? EndDoubt.NONE : EndDoubt.MAY_BE_MORE_SINCE;
        if (!areAll) {
            streams.values().forEach(stream -> stream.doubtEnd(before));
        }
        seenInPacks.forEach(FollowedStream::doubtEnd);
        seenInPacks.clear();
        arrived.forEach(each -> arrived(each.key(), before.and(EndDoubt.seen(each.end()))));
        deleted.forEach(each -> deleted(each.key(), before.and(EndDoubt.seen(each.end()))));
        if (!areAll || arrivals.progress().hasBecomeUndecided()) {
            streams.values().forEach(wanted::add);
        }
        if (arrivals.progress().packedBelow() != leftBelow) {
            leftBelow = arrivals.progress().packedBelow();
            List.copyOf(wanted.awake()).forEach(this::leavePacked);
        }
    }

    /** Makes a stream leave its shared segment if that was packed. A deleted segment of its own is left when its directory's time has changed. */
    private void leavePacked(FollowedStream stream) {
        if (stream.isInSharedBelow(leftBelow)) {
            wanted.toSleep(stream);
        }
    }

    /**
     * Looks at the streams that have just got records, because they will get more soon. They are few, so this may be done more often than looks at
     * all others.
     */
    private void lookAtRecent() {
        long start = System.nanoTime();
        for (FollowedStream stream : wanted.awake()) {
            if (!stream.wanted && start - stream.deliveredAt < RECENT_NANOS && stream.mayGrow() && hasMoreWhereItStopped(stream)) {
                wanted.add(stream);
            }
        }
        recentPace.looked(start, System.nanoTime());
    }

    private void lookAtOwn() throws IOException {
        look(ownPace, () -> {
            long changesBefore = folderChanges;
            lookAtFolder();
            lookAtGrowing(System.nanoTime(), folderChanges != changesBefore);
            turns.take(folderChanges);
        });
    }

    private void look(LookPace pace, FileStep look) throws IOException {
        long start = System.nanoTime();
        try {
            givingBack(look);
        } finally {
            pace.looked(start, System.nanoTime());
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
                if (!wanted.giveBackFor(e)) {
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

    private void look(FollowedStream stream, long now) {
        if (!stream.wanted && mayHaveMore(stream, now)) {
            wanted.add(stream);
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
                wanted.add(stream);
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

    /** Its next reading tells whether only records at its end were cut off, or all of it is gone. */
    private void deleted(String key, EndDoubt sign) {
        FollowedStream known = streams.get(key);
        if (known != null) {
            known.doubtEnd(sign);
            wanted.add(known);
        }
    }

    private void arrived(String key, EndDoubt sign) {
        FollowedStream known = streams.get(key);
        if (known != null) {
            known.doubtEnd(sign);
            watch(known);
            isThere(known);
            wanted.add(known);
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
            wanted.add(followed(key));
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
            wanted.add(stream);
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
        wanted.forget(stream);
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
        wanted.settle();
    }

    /** Size of the buffers of all streams. */
    long bufferBytes() {
        return wanted.memory().bytes();
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
        FollowedStream stream = wanted.current();
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
        wanted.close();
        streams.values().forEach(FollowedStream::end);
    }
}
