package dev.streamwal.tail;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SharedArrivals;
import dev.streamwal.error.TooManyOpenFilesException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.io.IoFailure;
import dev.streamwal.lookup.ScanBegin;
import dev.streamwal.lookup.ScanStart;
import dev.streamwal.walk.StreamScan;
import dev.streamwal.walk.TailWalk;
import dev.streamwal.walk.WalkOfWalks;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Follows many streams. One thread; close it.
 *
 * <p>A stream is <i>wanted</i> while it may have something that wasn't delivered. Of those, at most {@link #MAX_READ} are read at a time: each
 * stands on a record, its head, and the head with the smallest timestamp comes next. So what is there is merged by time, as far as it is in
 * the streams that are read. Two rules keep one stream from starving others: a head that has been passed over {@link #PATIENCE} times comes
 * next whatever its time, and a stream that has delivered {@link #TURN} records gives way where others wait to be read.
 *
 * <p>Fewer are read, but one always, where the reader has no room for more files, as its {@code maxOpenFiles} says, which counts those of its
 * other cursors too; and where the process may open no more. Then streams give back their files, those that aren't read first, and
 * {@link #TURN} records later it is tried with more again.
 *
 * <p>A stream that was read to its end rests. The last few keep their scans; of the others there is only what {@link FollowedStream} keeps.
 * Whether one that rests is wanted again is told by what has come in shared segments ({@link SharedArrivals}); of those with segments of their
 * own by the file {@code activity}, where the writer keeps one ({@link ActivityWatch}), by the folder of streams, for new ones
 * ({@link NewStreams}), and by a few looks at streams in turn with every look at all, which find in the end
 * what neither says: what a killed writer appended last, and what one without that file appends.
 */
public final class FollowedStreams extends WalkOfWalks implements TailWalk {

    /** Streams that are read at a time; each takes a descriptor and 64 KiB at least. */
    static final int MAX_READ = 64;
    /** Of streams that aren't read, so many keep their scans: what has come to a few will come to them again. */
    static final int MAX_AWAKE_UNREAD = 64;
    static final int TURN = 1_024;
    static final int PATIENCE = 1_024;
    /** Heads are looked through for the most patient one now and then. */
    private static final int PATIENCE_STRIDE = 64;
    /** Streams that are looked at in turn at a time: some 50 µs each where no file is open. */
    private static final int LOOKS_IN_TURN = 8;
    /** Beside the activity file they are to find in the end what it can't say, and not to delay what it says. */
    private static final int REST_PER_LOOKS_BESIDE_ACTIVITY = 64;
    /** While there is always something to deliver: about as late as a tail that waits, for a few hundredths of its time. */
    private static final long MIN_REST_MEANWHILE_NANOS = 4_000_000;
    private static final int REST_PER_LOOK_MEANWHILE = 32;

    private final LogSource log;
    private final ScanBegin others;
    private final @Nullable NewStreams newStreams;
    private final ActivityWatch activity;
    private final SharedArrivals arrivals;
    private final @Nullable String prefix;

    private final Map<String, FollowedStream> streams = new HashMap<>();
    /** The same, to be gone through in turn. */
    private final List<FollowedStream> inTurn = new ArrayList<>();
    private int nextInTurn;
    private final LookPace paceInTurn = new LookPace(REST_PER_LOOKS_BESIDE_ACTIVITY, 0);
    private final LookPace paceMeanwhile = new LookPace(REST_PER_LOOK_MEANWHILE, MIN_REST_MEANWHILE_NANOS);

    /** Wanted, and not read yet. */
    private final ArrayDeque<FollowedStream> waiting = new ArrayDeque<>();
    /** Wanted, and couldn't be read; the others go on meanwhile. */
    private final List<FollowedStream> unreadable = new ArrayList<>();
    /** How many records had been delivered when the last of those couldn't be read. */
    private long failedAt;
    /** Read, and standing on a record that wasn't delivered. */
    private final PriorityQueue<FollowedStream> heads =
            new PriorityQueue<>(Comparator.comparingLong((FollowedStream stream) -> stream.headMillis).thenComparingLong(s -> s.headSince));
    /** With their scans, but not read: at rest, or wanted again since. The one longest so first. */
    private final Set<FollowedStream> awakeUnread = new LinkedHashSet<>();
    /** As many are read: fewer than {@link #MAX_READ} after the process couldn't open more files. */
    private int maxRead = MAX_READ;
    /** Whose record was delivered last. */
    private @Nullable FollowedStream current;
    private long delivered;
    private boolean closed;

    /**
     * Follows the given streams, and those that start with the prefix.
     *
     * @param prefix null for the given ones only
     * @param from where to begin with a stream
     * @param others where to begin with those that aren't given
     */
    public FollowedStreams(LogSource log, @Nullable String prefix, Map<String, ScanBegin> from, ScanBegin others) throws IOException {
        this.log = log;
        this.others = others;
        this.prefix = prefix;
        this.activity = new ActivityWatch(log.channels(), log.root());
        this.arrivals = new SharedArrivals(log);
        this.newStreams = prefix == null ? null : new NewStreams(log, prefix);
        // before anything is read: see ActivityWatch
        activity.look(inTurn, stream -> {});
        Set<String> arrived = allInShared();
        try {
            for (Map.Entry<String, ScanBegin> each : from.entrySet()) {
                FollowedStream stream = add(each.getKey());
                if (!each.getValue().equals(others)) {
                    stream.begin(new ScanStart(log, log.unsharedCatalog(each.getKey())).tail(each.getValue()));
                    // who had to read to find where to begin keeps no file until its turn comes
                    boolean unused = stream.holdsFile() && stream.sleep();
                }
            }
            arrived.forEach(this::arrived);
            addNewStreams();
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private Set<String> allInShared() throws IOException {
        Set<String> keys = new LinkedHashSet<>();
        boolean unused = arrivals.look(key -> keys.add(key.text()));
        return keys;
    }

    private FollowedStream add(String key) {
        FollowedStream stream = new FollowedStream(key);
        streams.put(key, stream);
        inTurn.add(stream);
        activity.add(stream);
        want(stream);
        return stream;
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
        waiting.addFirst(stream);
    }

    /** Every stream that is taken up gets a head, rests, or gives way; one that throws is the first again, unless it can't be read. */
    private void takeUpWaiting() throws IOException {
        while (heads.size() < maxRead && !waiting.isEmpty() && mayOpen(waiting.getFirst())) {
            FollowedStream stream = waiting.getFirst();
            awakeUnread.remove(stream);
            boolean hasMore;
            try {
                hasMore = readNext(stream);
            } catch (IOException | WalIOException e) {
                if (isTooManyOpenFiles(e) && goOnWithFewer()) {
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
            } else if (stream.turn >= TURN && othersWait() && stream.sleep()) {
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
        return stream.scan().next() || (stream.hasNames && nextByName(stream));
    }

    /** For more places than there are. */
    private boolean othersWait() {
        return waiting.size() >= maxRead - heads.size() || (!waiting.isEmpty() && log.channels().room() <= 0);
    }

    /** Where its segment was deleted under it, it is read to its end by now, and goes on by what has a name; or holds no file any more. */
    private boolean nextByName(FollowedStream stream) throws IOException {
        stream.hasNames = false;
        if (!stream.sleep()) {
            return false;
        }
        stream.wake(log, others);
        return stream.scan().next();
    }

    private void rest(FollowedStream stream) {
        stream.wanted = false;
        awakeUnread.add(stream);
        if (awakeUnread.size() > MAX_AWAKE_UNREAD) {
            FollowedStream longest = awakeUnread.iterator().next();
            awakeUnread.remove(longest);
            sleep(longest);
        }
    }

    private void sleep(FollowedStream stream) {
        if (!stream.sleep()) {
            awakeUnread.add(stream);
        }
    }

    // ---- files

    /** One stream always may, so that whatever else is open there is progress. */
    private boolean mayOpen(FollowedStream stream) {
        while (!stream.holdsFile() && log.channels().room() <= 0) {
            if (!giveBackUnread()) {
                return heads.isEmpty();
            }
        }
        return true;
    }

    /** Whether a file was given back of a stream that isn't read. */
    private boolean giveBackUnread() {
        for (FollowedStream stream : awakeUnread) {
            if (stream.holdsFile() && stream.sleep()) {
                awakeUnread.remove(stream);
                return true;
            }
        }
        return false;
    }

    /** Whether a file was given back of a stream that waits for its turn with it, since its last one ended like that of the first. */
    private boolean giveBackWaiting() {
        FollowedStream first = waiting.getFirst();
        for (FollowedStream stream : waiting) {
            if (stream != first && stream.holdsFile() && stream.sleep()) {
                return true;
            }
        }
        return false;
    }

    /** After the process couldn't open one more: false where nothing can be done about that here. */
    private boolean goOnWithFewer() {
        if (giveBackUnread() || giveBackWaiting()) {
            return true;
        }
        if (heads.isEmpty()) {
            return false;
        }
        maxRead = heads.size();
        return true;
    }

    /** As {@link #goOnWithFewer}, where a file is wanted for something else than a stream. */
    private boolean giveBackOne() {
        if (giveBackUnread()) {
            return true;
        }
        FollowedStream latest = latestHead();
        if (latest == null) {
            return false;
        }
        // it stands on a record, and that is where it goes on
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
            throw log.failure("looking for more", e, log.streams().path(), null, WalException.NO_POSITION);
        }
        return !waiting.isEmpty();
    }

    private void look() throws IOException {
        long start = System.nanoTime();
        try {
            while (!lookAtAll()) {
                // each time it holds a file less
            }
        } finally {
            paceMeanwhile.looked(start, System.nanoTime());
        }
    }

    /** False where it took a file more than the process may open, and another one has been given back for it. */
    private boolean lookAtAll() throws IOException {
        try {
            // what has a mark is wanted, and so isn't forgotten where it has gone
            activity.look(inTurn, this::want);
            if (!arrivals.look(key -> arrived(key.text()))) {
                inTurn.forEach(this::want);
            }
            tryAgain();
            addNewStreams();
            lookInTurn();
            return true;
        } catch (IOException e) {
            if (!isTooManyOpenFiles(e) || !giveBackOne()) {
                throw e;
            }
            return false;
        }
    }

    /** Streams that always have something must not keep it from the others. */
    private void lookMeanwhile() throws IOException {
        if (paceMeanwhile.isDue(System.nanoTime())) {
            look();
        }
    }

    /** Behind another stream's record, if there is one: who fails again doesn't keep that back. */
    private void tryAgain() {
        if (delivered != failedAt || heads.isEmpty()) {
            waiting.addAll(unreadable);
            unreadable.clear();
        }
    }

    private void lookInTurn() {
        long now = System.nanoTime();
        if (!activity.isThere() || paceInTurn.isDue(now)) {
            lookAtSome(now);
            paceInTurn.looked(now, System.nanoTime());
        }
    }

    private void lookAtSome(long now) {
        for (int i = Math.min(LOOKS_IN_TURN, inTurn.size()); i > 0; i--) {
            nextInTurn = nextInTurn + 1 < inTurn.size() ? nextInTurn + 1 : 0;
            FollowedStream stream = inTurn.get(nextInTurn);
            if (!stream.wanted && mayHaveMore(stream, now)) {
                want(stream);
            }
        }
    }

    private boolean mayHaveMore(FollowedStream stream, long now) {
        try {
            return stream.mayHaveMore(log, now);
        } catch (IOException e) {
            // whoever reads it tells why it can't be
            return true;
        }
    }

    private void arrived(String key) {
        FollowedStream known = streams.get(key);
        if (known != null) {
            want(known);
        } else if (prefix != null && key.startsWith(prefix)) {
            add(key);
        }
    }

    private void addNewStreams() throws IOException {
        NewStreams folder = newStreams;
        if (folder == null || !folder.look()) {
            return;
        }
        for (String key : folder.found()) {
            FollowedStream known = streams.get(key);
            if (known == null) {
                add(key);
            } else {
                want(known);
            }
        }
        for (String key : folder.foundInPacks()) {
            // what comes of a stream that is followed comes in shared segments, or in its directory
            if (!streams.containsKey(key)) {
                add(key);
            }
        }
        folder.gone().forEach(this::forget);
        if (!folder.gone().isEmpty()) {
            inTurn.removeIf(stream -> stream.isForgotten);
            nextInTurn = 0;
        }
    }

    /**
     * A stream that has gone and was read to its end; if it comes again, all of it is new. One that wasn't read says so itself. Where what
     * was before a new stream is told of, it is remembered how far it was read.
     */
    private void forget(String key) {
        FollowedStream stream = streams.get(key);
        if (stream != null && !stream.wanted) {
            awakeUnread.remove(stream);
            stream.letGo(log);
            if (!(others instanceof ScanBegin.Oldest)) {
                return;
            }
            streams.remove(key);
            stream.isForgotten = true;
            activity.remove(stream);
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

    @Override
    public Map<String, Long> positions() {
        Map<String, Long> positions = new HashMap<>();
        streams.values().forEach(stream -> positions.put(stream.key(), stream.resume()));
        return positions;
    }

    // ---- the record it stands on

    @Override
    protected StreamScan onRecord() {
        FollowedStream stream = current;
        if (stream == null) {
            checkUsable();
            throw new IllegalStateException("a tail has a record only after next() said so");
        }
        return stream.scan();
    }

    @Override
    public void checkUsable() {
        if (closed) {
            throw new WalClosedException("a cursor is not used after it was closed: root=" + log.root(), log.root(), null,
                    WalException.NO_POSITION, null);
        }
        log.checkOpen();
    }

    @Override
    public void close() {
        closed = true;
        current = null;
        inTurn.forEach(FollowedStream::close);
    }
}
