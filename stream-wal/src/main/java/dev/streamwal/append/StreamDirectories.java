package dev.streamwal.append;

import dev.streamwal.format.StreamKey;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Which streams may have a directory: those that had one when the log was opened, and those that got one since. Of a new stream among a hundred
 * thousand none has to be looked for. Thread-safe.
 */
public final class StreamDirectories {

    /** Any may. */
    static final StreamDirectories ANY = new StreamDirectories();

    private final @Nullable Set<String> names;

    private StreamDirectories() {
        names = null;
    }

    /** @param there names of those that were there when the log was opened */
    public StreamDirectories(Set<String> there) {
        Set<String> all = ConcurrentHashMap.newKeySet();
        all.addAll(there);
        names = all;
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
