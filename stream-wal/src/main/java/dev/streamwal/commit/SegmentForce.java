package dev.streamwal.commit;

import dev.streamwal.format.SegmentName;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Makes segments durable where they stand: the file, and the names that lead to it. Opens files of its own, so that nobody's lock is held
 * for as long as a disk takes. Thread-safe.
 *
 * <p>An error of writing pages back that nobody was told of is told to whoever opens the file next and forces it, so nothing is missed by
 * not using the descriptor that wrote.
 */
public final class SegmentForce {

    private final SegmentStorage storage;
    private final Path root;
    private final Path streams;
    private final AtomicLong forces = new AtomicLong();
    private volatile boolean rootForced;

    /** @param streams the directory of the streams' directories */
    public SegmentForce(SegmentStorage storage, Path root, Path streams) {
        this.storage = storage;
        this.root = root;
        this.streams = streams;
    }

    /** A file that is gone needs nothing: only deletions take files away, and they are journalled. */
    void segment(CommitSegment segment) throws IOException {
        boolean named = segment.isNamed();
        if (file(segment.path()) && !named) {
            directory(segment.path().getParent());
            streams();
            segment.named();
        }
    }

    /** Where a segment is; null where it is gone. */
    @Nullable Path find(FrontierSegment segment) throws IOException {
        Path directory = streams.resolve(segment.key().directoryName());
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                SegmentName name = SegmentName.parse(file.getFileName().toString()).orElse(null);
                if (name != null && name.basePosition() == segment.basePosition()) {
                    return file;
                }
            }
        } catch (NoSuchFileException e) {
            // the stream is gone
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return null;
    }

    /** @return false where there is no such file */
    boolean file(Path path) throws IOException {
        try (SegmentFile file = storage.open(path)) {
            file.force();
            forces.incrementAndGet();
            return true;
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** Of a stream; one that is gone needs nothing here. */
    void directory(Path directory) throws IOException {
        try {
            storage.forceDirectory(directory);
            forces.incrementAndGet();
        } catch (NoSuchFileException e) {
            // deleted with its last segment
        }
    }

    /** The names of the streams' directories. */
    void streams() throws IOException {
        storage.forceDirectory(streams);
        forces.incrementAndGet();
        if (!rootForced) {
            storage.forceDirectory(root);
            rootForced = true;
        }
    }

    long forces() {
        return forces.get();
    }
}
