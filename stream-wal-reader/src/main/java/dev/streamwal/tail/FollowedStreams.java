package dev.streamwal.tail;

import dev.streamwal.catalog.DirectoryWatch;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SharedArrivals;
import dev.streamwal.error.TooManyOpenFilesException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.KeyScope;
import dev.streamwal.io.IoFailure;
import dev.streamwal.lookup.ScanBegin;
import dev.streamwal.lookup.ScanStart;
import dev.streamwal.walk.StreamScan;
import dev.streamwal.walk.TailWalk;
import dev.streamwal.walk.WalkOfWalks;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
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
 *
 * <p><b>Why nothing is missed.</b> A stream that rests gets its next record in one of four places, and each is looked at:
 * <ol>
 * <li>in a shared segment. {@link SharedArrivals} tells of each that is published there, by what one read of the newest segment brings.
 * <li>in a segment of its own where it has stopped. The commit word there isn't zero any more.
 * <li>in another segment of its own, in a directory that it had. The directory has another modification time: {@link DirectoryWatch} says when such a
 *     time proves that nothing has changed.
 * <li>in a directory that it didn't have. The folder of streams has another modification time. {@link NewStreams} then finds the name, if it wasn't
 *     there when it was listed before; and every stream that was without a directory is looked at again, since one that has gone and come again
 *     between two listings was there in both.
 * </ol>
 * The evidence for the others is taken before a stream is read, and {@link StreamTail} lists what else may change, and why these two tell it: so what
 * comes while a stream is read, or behind that, is seen by a look behind that.
 *
 * <p><b>What a look costs.</b> Places 1 and 4 are looked at for all streams at once, with a few calls. Place 1 is looked at each time, the others after
 * a rest of {@link #REST_PER_LOOK} times what that takes: so a record in a shared segment doesn't wait for looks at thousands of directories, and these
 * take a few hundredths of a core at most. Place 2 is looked at each time for those that
 * have stopped in a segment of their own that had no footer, since the next record mostly comes there, and place 3 every fourth time: of streams that share,
 * and of windows that are over, there are none such. Of those that have a directory besides, as from a time when they didn't share, a few are looked
 * at each time, in turn: so what comes first after a pause in a segment of its own may come late by as many looks as it takes to go round. A
 * stream without a directory is passed over while the folder doesn't change.
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
    /** Streams with segments that may grow which are looked at each time, at 1 to 3 µs each; and no more than files may be open. */
    static final int MAX_GROWING = 1_024;
    /** So many looks at their commit words are a look at their directories: a segment follows another once a window. */
    private static final int LOOKS_PER_DIRECTORY = 4;
    /** Others that are looked at in turn, at 2 µs each, or some 50 where a file is to be opened. */
    private static final int LOOKS_IN_TURN = 32;
    /** Those included that are passed over. */
    private static final int STEPS_IN_TURN = 1_024;
    /** Of the rest between two looks, a 64th for each kind of look. What comes in a segment of its own may be so late; so may what comes in a new directory. */
    private static final long MIN_REST_NANOS = 4_000_000;
    private static final int REST_PER_LOOK = 64;
    /** Shared segments are looked at with one read for all streams. */
    private static final long MIN_REST_SHARED_NANOS = 200_000;

    private final LogSource log;
    private final ScanBegin others;
    private final @Nullable NewStreams newStreams;
    private final DirectoryWatch folder;
    private long folderChanges;
    private final SharedArrivals arrivals;
    private final KeyScope scope;

    private final Map<String, FollowedStream> streams = new HashMap<>();
    /** The same, to be gone through in turn. */
    private final List<FollowedStream> inTurn = new ArrayList<>();
    private int nextInTurn;
    private int looks;
    /** At rest in a segment of its own that may grow. The one that came there first is the first. */
    private final Set<FollowedStream> growing = new LinkedHashSet<>();
    private final LookPace ownPace = new LookPace(REST_PER_LOOK, MIN_REST_NANOS);
    private final LookPace sharedPace = new LookPace(REST_PER_LOOK, MIN_REST_SHARED_NANOS);

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
    private final int maxGrowing;
    private boolean closed;

    /**
     * Follows the streams that are meant.
     *
     * @param scope those that come later too, where it doesn't name every one
     * @param from where to begin with a stream
     * @param others where to begin with those that aren't given
     */
    public FollowedStreams(LogSource log, KeyScope scope, Map<String, ScanBegin> from, ScanBegin others) throws IOException {
        this.log = log;
        this.maxGrowing = Math.min(MAX_GROWING, log.settings().maxOpenFiles());
        this.others = others;
        this.scope = scope;
        this.folder = new DirectoryWatch(log.streams()::path);
        this.arrivals = new SharedArrivals(log);
        this.newStreams = scope.exactKeys().isPresent() ? null : new NewStreams(log, scope);
        // before anything is read
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
            scope.exactKeys().orElse(Collections.emptyNavigableSet()).forEach(this::addIfNew);
            arrived.forEach(this::arrived);
            lookAtFolder();
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
        want(stream);
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
        // to the end, where it is there
        growing.remove(stream);
        if (stream.mayGrow()) {
            growing.add(stream);
            if (growing.size() > maxGrowing) {
                growing.remove(growing.iterator().next());
            }
        }
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
            throw log.failure("looking for new records", e, log.streams().path(), null, WalException.NO_POSITION);
        }
        return !waiting.isEmpty();
    }

    /** At shared segments each time; at what stands elsewhere, which takes longer the more of it there is, when that is due. */
    private void look() throws IOException {
        lookAtShared();
        tryAgain();
        if (ownPace.isDue(System.nanoTime())) {
            lookAtOwn();
        }
    }

    private void lookAtShared() throws IOException {
        long start = System.nanoTime();
        try {
            givingBack(() -> {
                if (!arrivals.look(key -> arrived(key.text()))) {
                    inTurn.forEach(this::want);
                }
            });
        } finally {
            sharedPace.looked(start, System.nanoTime());
        }
    }

    private void lookAtOwn() throws IOException {
        long start = System.nanoTime();
        try {
            givingBack(() -> {
                lookAtFolder();
                long now = System.nanoTime();
                lookAtGrowing(now);
                lookInTurn(now);
            });
        } finally {
            ownPace.looked(start, System.nanoTime());
        }
    }

    private interface Look {
        void run() throws IOException;
    }

    /** Where a look takes a file more than the process may open, another one is given back for it, and it is repeated. */
    private void givingBack(Look look) throws IOException {
        for (boolean isDone = false; !isDone; ) {
            try {
                look.run();
                isDone = true;
            } catch (IOException e) {
                // each time it holds a file less
                if (!isTooManyOpenFiles(e) || !giveBackOne()) {
                    throw e;
                }
            }
        }
    }

    /** Streams that always have something must not keep it from the others. */
    private void lookMeanwhile() throws IOException {
        long now = System.nanoTime();
        if (sharedPace.isDue(now) || ownPace.isDue(now)) {
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

    private void look(FollowedStream stream, long now) {
        if (!stream.wanted && mayHaveMore(stream, now)) {
            want(stream);
        }
    }

    private void lookAtGrowing(long now) {
        // each time at the directories of others
        int turn = looks++;
        for (FollowedStream stream : growing) {
            if (turn++ % LOOKS_PER_DIRECTORY == 0) {
                look(stream, now);
            } else if (!stream.wanted && hasMoreWhereItStopped(stream)) {
                want(stream);
            }
        }
    }

    private void lookInTurn(long now) {
        int looks = 0;
        for (int i = Math.min(STEPS_IN_TURN, inTurn.size()); i > 0 && looks < LOOKS_IN_TURN; i--) {
            nextInTurn = nextInTurn + 1 < inTurn.size() ? nextInTurn + 1 : 0;
            FollowedStream stream = inTurn.get(nextInTurn);
            if (!stream.wanted && stream.mayHaveDirectory(folderChanges) && !growing.contains(stream)) {
                looks++;
                look(stream, now);
            }
        }
    }

    private boolean mayHaveMore(FollowedStream stream, long now) {
        try {
            return stream.mayHaveMore(log, now, folderChanges);
        } catch (IOException e) {
            // whoever reads it tells why it can't be
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

    private void arrived(String key) {
        FollowedStream known = streams.get(key);
        if (known != null) {
            want(known);
        } else if (newStreams != null && scope.contains(key)) {
            add(key);
        }
    }

    private void lookAtFolder() throws IOException {
        boolean mayHaveChanged = folder.mayHaveChanged();
        folderChanges += mayHaveChanged ? 1 : 0;
        NewStreams names = newStreams;
        if (names != null && names.look(mayHaveChanged)) {
            addAndForget(names);
        }
    }

    private void addAndForget(NewStreams names) {
        for (String key : names.found()) {
            FollowedStream known = streams.get(key);
            if (known == null) {
                add(key);
            } else {
                want(known);
            }
        }
        for (String key : names.foundInPacks()) {
            // what comes of a stream that is followed comes in shared segments, or in its directory
            addIfNew(key);
        }
        names.gone().forEach(this::forget);
        if (!names.gone().isEmpty()) {
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
        if (stream == null || stream.wanted) {
            return;
        }
        if (hasMoreWhereItStopped(stream)) {
            // its file is open still
            want(stream);
        } else {
            awakeUnread.remove(stream);
            growing.remove(stream);
            stream.letGo(log);
            if (!(others instanceof ScanBegin.Oldest)) {
                return;
            }
            streams.remove(key);
            stream.isForgotten = true;
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
            throw new IllegalStateException("tail stands on no record; next() must return true first");
        }
        return stream.scan();
    }

    @Override
    public void checkUsable() {
        if (closed) {
            throw new WalClosedException("cursor is closed: root=" + log.root(), log.root(), null,
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
