package dev.streamwal.tier;

import dev.streamwal.format.SuppressForbidden;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.DirectoryListing;
import dev.streamwal.io.FileConsumer;
import dev.streamwal.io.FileOperation;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.TierFailure;
import dev.streamwal.io.Uninterrupted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * The folder of a tier. It needs only those operations of a file system that an object store has: to write an object from its beginning to its end
 * and close it, to read ranges of it, to delete it, and to list the folder. It doesn't rename, append, lock or link, and asks for no attributes; each
 * object that it writes has a new name. If the file system gives {@link FileChannel}s, as the machine's own does, objects and their names are forced;
 * on other file systems an object is durable when it was closed.
 *
 * <p>Every exception of the file system becomes a {@link TierFailure}. A call may hang for as long as the file system does, so no caller holds a lock
 * that others need. Thread-safe.
 */
@SuppressForbidden("each channel is opened, used and closed by one call; providers of object stores have no channels with positional reads")
public final class TierFolder {

    private static final String RETRY = "try again, or look at the tier";
    private static final String GONE =
            "see whether the tier is in its place, and whether the object was deleted there: what it had can't be read until it is put back";

    private final Path folder;
    /** Whether the file system gives {@link FileChannel}s, as the last object that was written has shown. */
    private volatile boolean isOfFiles;
    private final Runnable answered;

    /** @param folder which exists */
    public TierFolder(Path folder) {
        this(folder, () -> { });
    }

    /** @param answered is run whenever the tier has answered a call, or has taken a piece of an object */
    public TierFolder(Path folder, Runnable answered) {
        this.folder = folder;
        this.answered = answered;
    }

    /** Where the folder is, for messages. Asks the file system, which may take long on a mount that is away: the JDK looks whether a path is a folder. */
    public String name() {
        return TierLocation.of(folder);
    }

    /** The names of its objects. */
    public List<String> list() throws TierFailure {
        return asking("listing the tier failed", "", () -> {
            List<String> names = new ArrayList<>();
            DirectoryListing.each(folder, object -> names.add(String.valueOf(object.getFileName())));
            return names;
        });
    }

    /**
     * Reads a range of an object.
     *
     * @param target is filled
     */
    void read(String object, long offset, ByteBuffer target) throws TierFailure {
        int start = target.position();
        int end = target.limit();
        Object unused = asking("reading from the tier failed", object, () -> {
            try (SeekableByteChannel channel = Files.newByteChannel(folder.resolve(object), StandardOpenOption.READ)) {
                channel.position(offset);
                for (target.position(start); target.position() < end; ) {
                    // pieces: the JDK keeps a direct buffer as large as the largest heap buffer that a thread has read
                    int read = channel.read(target.limit(Math.min(end, target.position() + LogFile.CHUNK_BYTES)));
                    if (read < 0) {
                        throw new IOException("object ends early: offset=" + (offset + target.position() - start) + ", wanted=" + (offset + end - start));
                    }
                }
                return object;
            } finally {
                target.limit(end);
            }
        });
    }

    long size(String object) throws TierFailure {
        return asking("reading from the tier failed", object, () -> {
            try (SeekableByteChannel channel = Files.newByteChannel(folder.resolve(object), StandardOpenOption.READ)) {
                return channel.size();
            }
        });
    }

    byte[] readSmall(String object, int maxBytes) throws TierFailure {
        return asking("reading from the tier failed", object, () -> {
            try (SeekableByteChannel channel = Files.newByteChannel(folder.resolve(object), StandardOpenOption.READ)) {
                long size = channel.size();
                if (size > maxBytes) {
                    throw new IOException("object is longer than such an object can be: bytes=" + size + ", maxBytes=" + maxBytes);
                }
                ByteBuffer content = ByteBuffer.allocate((int) size);
                while (content.hasRemaining() && channel.read(content) >= 0) {
                    // the rest
                }
                if (content.hasRemaining()) {
                    throw new IOException("object ends early: offset=" + content.position() + ", bytes=" + size);
                }
                return content.array();
            }
        });
    }

    /** A failure of the content, not of the tier. */
    private static final class ContentFailure extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final IOException failure;

        ContentFailure(IOException failure) {
            super(failure);
            this.failure = failure;
        }
    }

    /**
     * Writes an object. After this method has returned, the object is durable. After it has thrown, there may be an object with a part of the
     * content, or all of it.
     *
     * @param content hands out the content, piece by piece, from its beginning; may be asked twice
     * @throws TierFailure if the tier fails
     * @throws IOException if the content can't be read
     */
    void write(String object, FileConsumer<FileConsumer<ByteBuffer>> content) throws IOException {
        Path path = folder.resolve(object);
        try {
            Object unused = asking("writing to the tier failed", object, () -> {
                try (SeekableByteChannel channel = Files.newByteChannel(path, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
                    writeTo(channel, content);
                    isOfFiles = channel instanceof FileChannel;
                    if (channel instanceof FileChannel file) {
                        // if an interrupt cuts this short, the whole object is written and forced again
                        file.force(true);
                    }
                }
                if (isOfFiles) {
                    DirectoryForce.force(folder);
                }
                return object;
            });
        } catch (ContentFailure e) {
            throw e.failure;
        }
    }

    private void writeTo(SeekableByteChannel channel, FileConsumer<FileConsumer<ByteBuffer>> content) throws IOException {
        IOException[] ofChannel = {null};
        try {
            content.accept(piece -> {
                int end = piece.limit();
                try {
                    while (piece.position() < end) {
                        int unused = channel.write(piece.limit(Math.min(end, piece.position() + LogFile.CHUNK_BYTES)));
                        answered.run();
                    }
                } catch (IOException e) {
                    ofChannel[0] = e;
                    throw e;
                } finally {
                    piece.limit(end);
                }
            });
        } catch (IOException e) {
            if (ofChannel[0] == null) {
                throw new ContentFailure(e);
            }
            throw e;
        }
    }

    /** Deletes an object, if it is there. A loss of power may bring it back until {@link #forceDeletions()} has returned. */
    void delete(String object) throws TierFailure {
        Object unused = asking("deleting from the tier failed", object, () -> Files.deleteIfExists(folder.resolve(object)));
    }

    /**
     * Makes deletions survive power loss, on a file system that gives {@link FileChannel}s; on others they do already. Before the first object is written, it
     * isn't known which it is.
     */
    void forceDeletions() throws TierFailure {
        if (isOfFiles) {
            Object unused = asking("forcing deletions in the tier failed", "", () -> {
                DirectoryForce.force(folder);
                return folder;
            });
        }
    }

    private <T> T asking(String failed, String object, FileOperation<T> operation) throws TierFailure {
        try {
            return Uninterrupted.run(operation);
        } catch (ContentFailure e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // providers pass on any exception of their clients
            throw new TierFailure(failed, name(), object, e instanceof NoSuchFileException && !object.isEmpty() ? GONE : RETRY, e);
        } finally {
            answered.run();
        }
    }

    @Override
    public String toString() {
        return String.valueOf(folder);
    }
}
