package dev.streamwal.engine;

import dev.streamwal.append.StreamLog;
import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.format.PositionsLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;

/** The folder {@code segments} of a log, as its writer sees it. Thread-safe. */
public final class StreamFolders {

    /** Only the headers of streams whose keys are too long for a name are read here. */
    private static final int MAX_OPEN_FILES = 1;

    private final Path root;
    private final StreamDirectory streams;
    private final ReentrantLock discovering = new ReentrantLock();
    private boolean discovered;

    public StreamFolders(Path root) {
        this.root = root;
        this.streams = new StreamDirectory(root, new ChannelCache(MAX_OPEN_FILES));
    }

    public Path path() {
        return streams.path();
    }

    /**
     * The log's own name and that of the folder are durable before there is a file {@code positions}: a process that was killed in between
     * has left that to the next.
     *
     * @param failed is told why the folder of an old log keeps its name
     */
    public void create(SegmentStorage storage, Consumer<IOException> failed) throws IOException {
        FolderUpgrade.run(root, failed);
        storage.createDirectory(streams.path());
        if (!Files.exists(root.resolve(PositionsLayout.FILE_NAME))) {
            DirectoryForce.forceNameOf(root);
            DirectoryForce.force(root);
        }
    }

    public Path of(StreamKey key) {
        return streams.of(key);
    }

    /** Of all that is in the folder, streams' directories among it. */
    public Set<String> names() throws IOException {
        return streams.names();
    }

    public boolean anySegment() {
        try {
            return !streams.keys(key -> true).isEmpty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Has every stream that is there listed, once. Whoever comes second waits for the first. */
    public void discover(Function<String, StreamLog> streamOf) throws IOException {
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
