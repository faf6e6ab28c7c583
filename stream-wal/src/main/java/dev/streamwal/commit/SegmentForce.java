package dev.streamwal.commit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.FileStep;
import dev.streamwal.io.IoFailure;
import dev.streamwal.journal.FrontierSegment;
import dev.streamwal.measure.Flush;
import dev.streamwal.measure.FlushCause;
import dev.streamwal.measure.Measurements;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentFiles;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentNames;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Makes segments durable in place: forces the file and the names that lead to it. Opens files of its own, so that no other lock is held for
 * as long as a disk takes. Thread-safe.
 *
 * <p>The kernel reports an error of writing pages back, if no descriptor has got it yet, to the next one that opens the file and forces it.
 * So nothing is missed by not using the descriptor that wrote.
 */
public final class SegmentForce {

    private final SegmentStorage storage;
    private final Path root;
    private final Path streams;
    private final Measurements measured;

    /**
     * Held during a force. A kernel reports once what it could not write; a later force of the same file succeeds, and must see {@link
     * #failed} instead.
     */
    private final ReentrantLock forcing = new ReentrantLock();

    @GuardedBy("forcing")
    private @Nullable FlushFailedException failed;

    private volatile boolean rootForced;

    /**
     * @param streams the directory of the streams' directories
     * @param measured receives each flush
     */
    public SegmentForce(SegmentStorage storage, Path root, Path streams, Measurements measured) {
        this.measured = measured;
        this.storage = storage;
        this.root = root;
        this.streams = streams;
    }

    /**
     * Forces a segment and its names, in place of a block of the journal. A file that is gone needs nothing: only deletions remove files, and they
     * are journalled.
     *
     * @param end the offset up to which records are published
     * @throws FlushFailedException if it could not be forced
     */
    void segment(CommitSegment segment, int end) throws IOException {
        boolean named = segment.isNamed();
        int bytes = Math.max(0, end - segment.durableOffset());
        if (file(segment.path(), FlushCause.SEGMENT, bytes) && !named) {
            directory(directoryOf(segment.header().key()), FlushCause.SEGMENT);
            streams(FlushCause.SEGMENT);
            segment.named();
        }
    }

    /**
     * Like {@link #segment}, for a checkpoint, and without the names, which many segments share.
     *
     * @return whether its names have to be forced too: its directory, and then {@link #streams}
     */
    boolean fileOf(CommitSegment segment) throws IOException {
        boolean named = segment.isNamed();
        return file(segment.path()) && !named;
    }

    Path directoryOf(StreamKey key) {
        return streams.resolve(key.directoryName());
    }

    /** The path of a segment; null if it is gone. */
    @Nullable Path find(FrontierSegment segment) throws IOException {
        Path directory = directoryOf(segment.key());
        SegmentName name = SegmentNames.in(directory).ceiling(SegmentNames.from(segment.basePosition()));
        return name == null || name.basePosition() != segment.basePosition() ? null : directory.resolve(name.fileName());
    }

    /**
     * Forces a stream's oldest segment, so that its footer is durable, if it has one.
     *
     * @return the segment, with only its header known to be durable; empty if it has a footer, or there is no segment
     */
    Optional<FrontierSegment> oldestWithoutFooter(StreamKey key) throws IOException {
        TreeSet<SegmentName> names = SegmentNames.in(directoryOf(key));
        if (names.isEmpty()) {
            return Optional.empty();
        }
        SegmentName oldest = names.first();
        Path path = directoryOf(key).resolve(oldest.fileName());
        try (SegmentFile file = storage.open(path)) {
            SegmentHeader header = SegmentFiles.readHeader(file, path, key, oldest);
            // read before the force: a footer written meanwhile may not be durable
            boolean hasFooter = SegmentEnd.read(file, header).isFinal();
            return !file(path) || hasFooter ? Optional.empty()
                    : Optional.of(new FrontierSegment(key, header.basePosition(), header.salt(), header.headerLength()));
        } catch (NoSuchFileException | CorruptSegmentException | UnsupportedFormatException e) {
            // deleted meanwhile, or not to be vouched for by a frontier
            return Optional.empty();
        }
    }

    /** @return false if there is no such file */
    boolean file(Path path) throws IOException {
        return file(path, FlushCause.CHECKPOINT, 0);
    }

    private boolean file(Path path, FlushCause cause, long bytes) throws IOException {
        return force(path, cause, bytes, () -> {
            try (SegmentFile file = storage.open(path)) {
                file.force();
            }
        });
    }

    /** Forces a stream's directory. A directory that was deleted with its last segment needs nothing. */
    void directory(Path directory, FlushCause cause) throws IOException {
        boolean unused = force(directory, cause, 0, () -> storage.forceDirectory(directory));
    }

    /** Forces the names of the streams' directories. */
    void streams(FlushCause cause) throws IOException {
        directory(streams, cause);
        if (!rootForced) {
            directory(root, cause);
            rootForced = true;
        }
    }

    /**
     * @param force forces the file or directory
     * @return false if it is gone
     * @throws FlushFailedException if it could not be forced, or an earlier force failed
     * @throws IOException if it could not be opened, for want of a descriptor or of permission: then nothing was forced, and a later attempt may succeed
     */
    private boolean force(Path path, FlushCause cause, long bytes, FileStep force) throws IOException {
        forcing.lock();
        try {
            throwIfFailed();
            Flush flush = new Flush();
            force.run();
            flush.end(cause, path, bytes, measured);
            return true;
        } catch (NoSuchFileException e) {
            return false;
        } catch (FlushFailedException e) {
            throw e;
        } catch (IOException e) {
            if (IoFailure.isNotOpened(e)) {
                throw e;
            }
            failed = new FlushFailedException("forcing to disk failed: path=" + path, e);
            throw failed;
        } finally {
            forcing.unlock();
        }
    }

    /** Call after forcing a file directly: throws any failure recorded before or during that force. */
    void check() throws FlushFailedException {
        forcing.lock();
        try {
            throwIfFailed();
        } finally {
            forcing.unlock();
        }
    }

    @GuardedBy("forcing")
    private void throwIfFailed() throws FlushFailedException {
        if (failed != null) {
            throw failed;
        }
    }
}
