package dev.streamwal.tail;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.Manifest;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds new and deleted streams, by the names in the folder of streams. The folder is listed when it may have changed. Only directories whose names
 * don't tell their keys are opened; so a stream counts as existing while its directory exists, with a segment or without. A stream without a
 * directory may be in packs, each of which is looked through once, when it is new. Or it may be in shared segments; the caller finds it there, and
 * {@linkplain #follow tells} this class. One thread.
 *
 * <p><b>How it is found that a stream without a directory has gone.</b> Nothing tells which keys a dropped pack had, or which streams were deleted in
 * packs and in shared segments. But such a stream goes only with a change of the manifest. So each change begins a turn of all of these streams, in
 * which each is looked for. A look takes a few of them, and the turn goes on, look by look, until it has come round, even if nothing changes any
 * more. A change in the middle of a turn begins the turn anew from where it is, so all streams that were taken before are taken again.
 */
final class NewStreams {

    /** Few at a time, because a deleted stream that wasn't noticed yet only takes some memory. */
    private static final int LOOKS_IN_TURN = 64;
    /** More, where many streams have come since the last look; at most this many, because no record is delivered meanwhile. */
    static final int MAX_LOOKS_IN_TURN = 1_024;
    /**
     * With fewer than two, streams that come and go could come faster than it is noticed that others have gone, if the caller looks rarely. Two cost
     * little beside what it takes to find and read a new stream.
     */
    private static final int LOOKS_PER_NEW_STREAM = 2;

    private final LogSource log;
    private final StreamDirectory streams;
    private final KeyScope scope;
    /** The keys of known streams by the names of their directories; without names whose key isn't known yet. */
    private final Map<String, String> known = new HashMap<>();
    private final Set<String> found = new LinkedHashSet<>();
    private final Map<String, Long> foundInPacks = new LinkedHashMap<>();
    private final Set<String> gone = new LinkedHashSet<>();
    /** Keys of known streams that have no directory, by the name that it would have; first the one whose turn it is to be looked for. */
    private final Map<String, String> inTurn = new LinkedHashMap<>();
    /** How many of these are still to be looked for in this turn. */
    private int left;
    /** How many looks are to be taken because of streams that have come. */
    private long owed;
    private Manifest manifest = Manifest.EMPTY;

    private boolean wanted;
    private boolean anyUnknown;
    private int listings;
    private final LookPace pace = LookPace.ofListings();
    private final LookPace turnPace = LookPace.ofListings();

    NewStreams(LogSource log, KeyScope scope) {
        this.log = log;
        this.streams = log.streams();
        this.scope = scope;
    }

    /**
     * Takes a look. {@link #found()}, {@link #foundInPacks()} and {@link #gone()} keep what they have until it is {@link #taken}, even if the look
     * fails in the middle: it has noted the names that it came to as known, and no later look finds these again.
     *
     * @param mayHaveChanged whether names in the folder may have changed since the look before
     */
    void look(boolean mayHaveChanged) throws IOException {
        wanted |= mayHaveChanged || log.packs().manifest() != manifest;
        long now = System.nanoTime();
        if ((wanted || anyUnknown) && pace.isDue(now)) {
            list();
            // not before the listing: if that fails, the next look repeats it
            wanted = false;
            listings++;
            pace.looked(now, System.nanoTime());
        }
        long begin = System.nanoTime();
        if (left > 0 && turnPace.isDue(begin)) {
            takeTurns();
            turnPace.looked(begin, System.nanoTime());
        }
    }

    /**
     * Called after the caller has found records of a stream, in whatever place. The stream is known from now on, so that it is noticed when it has
     * gone.
     */
    void follow(String key) {
        String name = StreamKey.of(key).directoryName();
        if (known.putIfAbsent(name, key) == null) {
            inTurn.put(name, key);
            noteNew();
        }
    }

    /** Those that the first look finds have come long ago. */
    private void noteNew() {
        owed += listings > 0 ? LOOKS_PER_NEW_STREAM : 0;
    }

    /** Whether the last look has found every stream that is in a directory or in a pack. */
    boolean isCurrent() {
        return !wanted && !anyUnknown;
    }

    /** How often all streams were listed. */
    int listings() {
        return listings;
    }

    /** Called after the caller has got everything that was found. */
    void taken() {
        found.clear();
        foundInPacks.clear();
        gone.clear();
    }

    private void list() throws IOException {
        Set<String> names = streams.names();
        names.remove(StreamKey.SHARED.directoryName());
        anyUnknown = false;
        for (String name : names) {
            if (!known.containsKey(name)) {
                Optional<String> key = streams.keyOf(name);
                if (key.isPresent()) {
                    known.put(name, key.get());
                    key.filter(scope::contains).ifPresent(found::add);
                } else {
                    anyUnknown |= StreamKey.isDigestName(name);
                }
            } else {
                String without = inTurn.remove(name);
                if (without != null) {
                    found.add(without);
                }
            }
        }
        addPacked(names);
        forget(names);
    }

    private void addPacked(Set<String> names) throws IOException {
        Map<String, Long> lastBases = new HashMap<>();
        Manifest now = log.packs().addKeys(pack -> manifest.pack(pack.number()).isEmpty(), scope,
                (key, basePosition) -> lastBases.merge(key.text(), basePosition, Math::max));
        boolean isAnother = now != manifest;
        manifest = now;
        lastBases.forEach((key, lastBase) -> {
            String name = StreamKey.of(key).directoryName();
            if (!names.contains(name)) {
                inTurn.putIfAbsent(name, key);
                if (known.putIfAbsent(name, key) == null) {
                    noteNew();
                    foundInPacks.put(key, lastBase);
                }
            }
        });
        if (isAnother) {
            left = inTurn.size();
        }
    }

    private void forget(Set<String> names) throws IOException {
        if (!names.containsAll(known.keySet())) {
            for (Map.Entry<String, String> each : List.copyOf(known.entrySet())) {
                String name = each.getKey();
                String key = each.getValue();
                if (names.contains(name) || inTurn.containsKey(name)) {
                    continue;
                }
                if (!scope.contains(key)) {
                    known.remove(name);
                } else if (!forgetIfGone(name, key)) {
                    // all records that it had in its directory are in packs
                    inTurn.put(name, key);
                }
            }
        }
    }

    private void takeTurns() throws IOException {
        // some have got a directory since
        left = Math.min(left, inTurn.size());
        int looks = (int) Math.min(left, Math.max(LOOKS_IN_TURN, Math.min(owed, MAX_LOOKS_IN_TURN)));
        owed = Math.max(0, owed - looks);
        for (int i = looks; i > 0; i--) {
            Map.Entry<String, String> first = inTurn.entrySet().iterator().next();
            String name = first.getKey();
            String key = first.getValue();
            // throws before its turn is over
            if (!forgetIfGone(name, key)) {
                inTurn.remove(name);
                inTurn.put(name, key);
            }
            left--;
        }
    }

    private boolean forgetIfGone(String name, String key) throws IOException {
        boolean isGone = log.unsharedCatalog(key).chain().size() == 0;
        if (isGone) {
            known.remove(name);
            inTurn.remove(name);
            gone.add(key);
        }
        return isGone;
    }

    /** The keys of streams that came, or got a directory, since the last {@link #taken}; after the first look, of all streams. */
    Set<String> found() {
        return found;
    }

    /**
     * The keys of streams that turned up in packs since the last {@link #taken}, each with the position where its last segment seen there begins.
     * They may be followed already, for their records in shared segments.
     */
    Map<String, Long> foundInPacks() {
        return foundInPacks;
    }

    /** The keys of streams that were deleted since the last {@link #taken}. */
    Set<String> gone() {
        return gone;
    }
}
