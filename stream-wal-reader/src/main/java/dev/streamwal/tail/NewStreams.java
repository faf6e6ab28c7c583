package dev.streamwal.tail;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.Manifest;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds new and deleted streams, by the names in the folder of streams. The folder is listed when it may have changed. Only directories whose names
 * don't tell their keys are opened; so a stream counts as existing when its directory does, with a segment or without. A stream without a directory
 * may be in packs; each new pack is looked through once. One thread.
 */
final class NewStreams {

    /** So few, as a deleted stream that wasn't noticed yet only takes some memory. */
    private static final int LOOKS_IN_TURN = 64;

    private final LogSource log;
    private final StreamDirectory streams;
    private final KeyScope scope;
    /** The directory names of known streams; without names whose key isn't known yet. */
    private final Set<String> known = new HashSet<>();
    private final Set<String> found = new LinkedHashSet<>();
    private final Set<String> foundInPacks = new LinkedHashSet<>();
    private final Set<String> gone = new LinkedHashSet<>();
    /** Keys of streams that have no directory, but are in packs; by the name that the directory would have. */
    private final Map<String, String> inPacks = new HashMap<>();
    /** The same names, in the order in which it is checked whether the streams were deleted. */
    private final ArrayDeque<String> inTurn = new ArrayDeque<>();
    private Manifest manifest = Manifest.EMPTY;

    private boolean wanted;
    private boolean anyUnknown;
    private final LookPace pace = LookPace.ofListings();

    NewStreams(LogSource log, KeyScope scope) {
        this.log = log;
        this.streams = log.streams();
        this.scope = scope;
    }

    /**
     * Takes a look; returns whether one of {@link #found()}, {@link #foundInPacks()} and {@link #gone()} has anything. They keep what they have until
     * it is {@link #taken}: a look that fails in the middle has noted the names that it came to as known, and no later look finds these again.
     *
     * @param mayHaveChanged whether names in the folder may have changed since the look before
     */
    boolean look(boolean mayHaveChanged) throws IOException {
        wanted |= mayHaveChanged || log.packs().manifest() != manifest;
        long now = System.nanoTime();
        if (!(wanted || anyUnknown) || !pace.isDue(now)) {
            return hasAny();
        }
        list();
        // not before the listing: if that fails, the next look repeats it
        wanted = false;
        pace.looked(now, System.nanoTime());
        return hasAny();
    }

    private boolean hasAny() {
        return !found.isEmpty() || !foundInPacks.isEmpty() || !gone.isEmpty();
    }

    /** The caller has got everything that was found. */
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
            if (!known.contains(name)) {
                Optional<String> key = streams.keyOf(name);
                if (key.isPresent()) {
                    known.add(name);
                    key.filter(scope::contains).ifPresent(found::add);
                } else {
                    anyUnknown |= StreamKey.isDigestName(name);
                }
            } else {
                String packed = inPacks.remove(name);
                if (packed != null) {
                    found.add(packed);
                }
            }
        }
        addPacked(names);
        forget(names);
    }

    private void addPacked(Set<String> names) throws IOException {
        Set<String> keys = new HashSet<>();
        Manifest now = log.packs().addKeys(pack -> manifest.pack(pack.number()).isEmpty(), scope, keys);
        manifest = now;
        for (String key : keys) {
            String name = StreamKey.of(key).directoryName();
            if (!names.contains(name)) {
                if (inPacks.put(name, key) == null) {
                    inTurn.add(name);
                }
                if (known.add(name)) {
                    foundInPacks.add(key);
                }
            }
        }
    }

    private void forget(Set<String> names) throws IOException {
        if (!names.containsAll(known)) {
            for (String name : List.copyOf(known)) {
                if (!names.contains(name) && !inPacks.containsKey(name)) {
                    forgetIfGone(name, StreamKey.fromDirectoryName(name).map(StreamKey::text).filter(scope::contains));
                }
            }
        }
        for (int i = Math.min(LOOKS_IN_TURN, inTurn.size()); i > 0; i--) {
            String name = inTurn.element();
            boolean hasDirectory = names.contains(name);
            // throws before its turn is over
            boolean isGone = !hasDirectory && forgetIfGone(name, Optional.ofNullable(inPacks.get(name)));
            inTurn.remove();
            if (hasDirectory) {
                inPacks.remove(name);
            } else if (!isGone) {
                inTurn.add(name);
            }
        }
    }

    private boolean forgetIfGone(String name, Optional<String> key) throws IOException {
        boolean isGone = key.isEmpty() || log.unsharedCatalog(key.get()).chain().size() == 0;
        if (isGone) {
            known.remove(name);
            inPacks.remove(name);
            key.ifPresent(gone::add);
        }
        return isGone;
    }

    /** The keys of streams that came, or got a directory, since they were {@link #taken}; at the first look of all. */
    Set<String> found() {
        return found;
    }

    /** The keys of streams that turned up in packs since then. They may be followed already, for their records in shared segments. */
    Set<String> foundInPacks() {
        return foundInPacks;
    }

    /** The keys of streams that were deleted since then; without long keys, which can't be known any more. */
    Set<String> gone() {
        return gone;
    }
}
