package dev.streamwal;

import dev.streamwal.append.StreamLog;
import dev.streamwal.format.StreamKey;
import dev.streamwal.source.ChannelCache;
import dev.streamwal.source.StreamDirectory;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/** The folder {@code streams} of a log, as its writer sees it. Thread-safe. */
final class StreamFolders {

    /** Only the headers of streams whose keys are too long for a name are read here. */
    private static final int MAX_OPEN_FILES = 1;

    private final StreamDirectory streams;
    private final ReentrantLock discovering = new ReentrantLock();
    private boolean discovered;

    StreamFolders(Path root) {
        this.streams = new StreamDirectory(root, new ChannelCache(MAX_OPEN_FILES));
    }

    Path path() {
        return streams.path();
    }

    void create(SegmentStorage storage) throws IOException {
        storage.createDirectory(streams.path());
    }

    Path of(StreamKey key) {
        return streams.of(key);
    }

    boolean anySegment() {
        try {
            return !streams.keys(key -> true).isEmpty();
        } catch (IOException e) {
            return true;
        }
    }

    /** Has every stream that is there listed, once. Whoever comes second waits for the first. */
    void discover(Function<String, StreamLog> streamOf) throws IOException {
        discovering.lock();
        try {
            if (!discovered) {
                for (String key : streams.keys(key -> true)) {
                    int unused = streamOf.apply(key).segmentCount();
                }
                discovered = true;
            }
        } finally {
            discovering.unlock();
        }
    }
}
