package dev.streamwal.append;

import dev.streamwal.format.StreamKey;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Which streams may have a directory: those that had one when the log was opened, and those that got one since. Of a new stream among a hundred
 * thousand none has to be looked for. Thread-safe.
 */
public final class StreamDirectories {

    /** Any may. */
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
     * @param there names of those that were there when the log was opened
     * @param places where a stream's is, or would be
     */
    public StreamDirectories(Set<String> there, Function<StreamKey, Path> places) {
        Set<String> all = ConcurrentHashMap.newKeySet();
        all.addAll(there);
        this.names = all;
        this.places = places;
    }

    /** Where a stream's is, or would be. */
    Path of(StreamKey key) {
        return places.apply(key);
    }

    /** Before it is made. */
    void add(StreamKey key) {
        if (names != null) {
            names.add(key.directoryName());
        }
    }

    boolean mayHave(StreamKey key) {
        return names == null || names.contains(key.directoryName());
    }
}
