package dev.streamwal.tail;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.Manifest;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Tells which streams have come and gone, by the names in the folder of streams: it is listed when it may have changed, and no
 * directory in it is opened, but for those whose names don't say their keys. So a stream is there when its directory is, with a segment or
 * without. One that has no directory may be in packs: they are looked through once, as they come. One thread.
 */
final class NewStreams {

    /** A listing of 100,000 names takes 50 ms: where streams come all the time, it isn't done all the time. */
    private static final int REST_PER_LISTING = 32;

    /** A stream that has gone takes some memory, and no more. */
    private static final int LOOKS_IN_TURN = 64;

    private final LogSource log;
    private final StreamDirectory streams;
    private final KeyScope scope;
    /** By directory name, what is known already; whose key isn't known yet isn't. */
    private final Set<String> known = new HashSet<>();
    private final List<String> found = new ArrayList<>();
    private final List<String> foundInPacks = new ArrayList<>();
    private final List<String> gone = new ArrayList<>();
    /** Keys of streams that have no directory, but are in packs; by the name that it would have. */
    private final Map<String, String> inPacks = new HashMap<>();
    /** Those of them that are looked at next, whether they have gone. */
    private final ArrayDeque<String> inTurn = new ArrayDeque<>();
    private Manifest manifest = Manifest.EMPTY;

    private boolean wanted;
    private boolean anyUnknown;
    private final LookPace pace = new LookPace(REST_PER_LISTING, 0);

    NewStreams(LogSource log, KeyScope scope) {
        this.log = log;
        this.streams = log.streams();
        this.scope = scope;
    }

    /**
     * Whether there is something to {@link #found()} or {@link #gone()}.
     *
     * @param mayHaveChanged whether names in the folder may have, since the look before
     */
    boolean look(boolean mayHaveChanged) throws IOException {
        found.clear();
        foundInPacks.clear();
        gone.clear();
        wanted |= mayHaveChanged || log.packs().manifest() != manifest;
        long now = System.nanoTime();
        if (!(wanted || anyUnknown) || !pace.isDue(now)) {
            return false;
        }
        list();
        // not before: who can't list it now looks again
        wanted = false;
        pace.looked(now, System.nanoTime());
        return !found.isEmpty() || !foundInPacks.isEmpty() || !gone.isEmpty();
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
        Manifest now = log.packs().addKeys(pack -> manifest.pack(pack.number()).isEmpty(), scope::contains, keys);
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
            String name = inTurn.remove();
            if (names.contains(name)) {
                inPacks.remove(name);
            } else if (!forgetIfGone(name, Optional.ofNullable(inPacks.get(name)))) {
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

    /** The keys of streams that have come since the look before, or have a directory since; all of them at first. */
    List<String> found() {
        return found;
    }

    /** The keys of streams that have come since, or are followed for what they have in shared segments: they are in packs now. */
    List<String> foundInPacks() {
        return foundInPacks;
    }

    /** The keys of streams that have gone since; but for those with long keys, which nobody can say any more. */
    List<String> gone() {
        return gone;
    }
}
