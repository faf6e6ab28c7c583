package dev.streamwal.engine;

import dev.streamwal.append.StreamLog;
import dev.streamwal.commit.FlushFailedException;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.storage.StorageErrors;
import dev.streamwal.storage.WriterFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** What a failure means to a caller of the log: the exception that its call throws, or its future completes with. Thread-safe. */
public final class CallFailures {

    private final Path root;
    private final WriterFile writer;
    private final BooleanSupplier isClosed;

    /** @param isClosed whether the log is closed, or is being closed */
    public CallFailures(Path root, WriterFile writer, BooleanSupplier isClosed) {
        this.root = root;
        this.writer = writer;
        this.isClosed = isClosed;
    }

    /** Of a call that comes too late. */
    public WalClosedException closed(@Nullable Exception cause) {
        return new WalClosedException("the log is closed: root=" + root + "; open it again", root, null, WalException.NO_POSITION, cause);
    }

    /**
     * Of records that were appended, and may not be durable.
     *
     * @param key of their stream; null if they are of several
     */
    public WalException notDurable(Throwable failure, @Nullable String key) {
        if (failure instanceof WalClosedException) {
            return new WalClosedException("appended, but not known to be durable: the log was closed before the flush ended: root=" + root
                    + (key == null ? "" : ", stream=" + key) + "; open the log again, and read the stream's end to see whether the record is there", root, key,
                    WalException.NO_POSITION, failure);
        }
        if (failure instanceof WalException known) {
            return known;
        }
        if (failure instanceof FlushFailedException flush) {
            return writer.isLost() ? writer.lost() : flush.published(root, key);
        }
        return StorageErrors.notDurable(failure instanceof IOException known ? known : new IOException(failure), root, key);
    }

    /** Before anything is appended or deleted. A log that has failed refuses the operation. */
    public WalException notDone(String task, IOException failure, Path file, @Nullable String key) {
        return notDone(task, "", failure, file, key, WalException.NO_POSITION);
    }

    /** Of one stream among others, before anything of it is deleted, or when not all of it was. */
    WalException ofStream(String task, Exception failure, StreamLog stream) {
        return failure instanceof IOException e ? notDone(task, e, stream.directory(), stream.key().text()) : (WalException) failure;
    }

    /** @param left as {@link StorageErrors} takes it */
    public WalException notDone(String task, String left, IOException failure, Path file, @Nullable String key, long position) {
        if (failure instanceof FlushFailedException) {
            return notDurable(failure, key);
        }
        // closing closes files, and refuses changes: such a failure says nothing about the disk
        return isClosed.getAsBoolean() ? closed(failure) : StorageErrors.translate(task, left, failure, file, key, position, 0);
    }
}
