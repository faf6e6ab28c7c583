package dev.streamwal.append;

import dev.streamwal.format.StreamKey;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The streams that may have a directory: those that had one when the log was opened, and those that got one since. So a new stream among a
 * hundred thousand costs no search for its directory. Thread-safe.
 */
public final class StreamDirectories {

    /** Every stream may have one. */
    static final StreamDirectories ANY = new StreamDirectories();

    private final @Nullable Set<String> names;
    private final Function<StreamKey, Path> places;

    private StreamDirectories() {
        names = null;
        places = key -> {
            throw new IllegalStateException("directories of the log's streams are not known: stream=" + key);
        };
    }

    /**
     * @param there names of the directories that existed when the log was opened
     * @param places the path of a stream's directory, whether it exists or not
     */
    public StreamDirectories(Set<String> there, Function<StreamKey, Path> places) {
        Set<String> all = ConcurrentHashMap.newKeySet();
        all.addAll(there);
        this.names = all;
        this.places = places;
    }

    /** The path of a stream's directory, whether it exists or not. */
    Path of(StreamKey key) {
        return places.apply(key);
    }

    /** Called before the directory is created. */
    void add(StreamKey key) {
        if (names != null) {
            names.add(key.directoryName());
        }
    }

    boolean mayHave(StreamKey key) {
        return names == null || names.contains(key.directoryName());
    }
}
