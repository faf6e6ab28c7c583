package dev.streamwal.engine;

import dev.streamwal.append.StreamLog;
import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.format.PositionsLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.FileConsumer;
import dev.streamwal.io.IoFailure;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** The folder {@code segments} of a log, as its writer sees it. Thread-safe. */
public final class StreamFolders {

    /** Only for the headers of streams whose keys are too long for a name. */
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
     * The names of the log and of the folder are durable before the file {@code positions} exists. If a process was killed in between, the
     * next one makes them durable.
     *
     * @param failed receives each optional step that could not be done, and why: the folder of an old log keeps its name, or what a killed process
     *     left stays
     */
    public void create(SegmentStorage storage, BiConsumer<String, IOException> failed) throws IOException {
        FolderUpgrade.run(root, failure -> failed.accept("rename the folder streams", failure));
        try {
            LinkFolder.deleteLeftovers(root);
        } catch (IOException e) {
            failed.accept("delete what a killed process left", e);
        }
        storage.createDirectory(streams.path());
        if (!Files.exists(root.resolve(PositionsLayout.FILE_NAME))) {
            DirectoryForce.forceNameOf(root);
            DirectoryForce.force(root);
        }
    }

    public Path of(StreamKey key) {
        return streams.of(key);
    }

    /** The names of everything in the folder, including streams' directories. */
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

    /**
     * Lists the segments of every stream, once. A second caller waits for the first.
     *
     * @param leftovers deletes what is left over in a directory that seems to have no segment
     */
    public void discover(Function<String, StreamLog> streamOf, FileConsumer<Path> leftovers) throws IOException {
        discovering.lock();
        try {
            if (!discovered) {
                Set<Path> withoutKey = new LinkedHashSet<>();
                for (String key : streams.keys(key -> true, withoutKey::add)) {
                    count(streamOf.apply(key));
                }
                for (Path directory : withoutKey) {
                    leftovers.accept(directory);
                }
                discovered = true;
            }
        } finally {
            discovering.unlock();
        }
    }

    /**
     * If one stream's directory can't be listed, the next pass through all streams meets that again and reports it for this stream; the others aren't
     * affected.
     */
    private static void count(StreamLog stream) throws IOException {
        try {
            int unused = stream.segmentCount();
        } catch (IOException e) {
            if (!IoFailure.isOfFile(e)) {
                throw e;
            }
            stream.assumeSegments();
        }
    }
}
