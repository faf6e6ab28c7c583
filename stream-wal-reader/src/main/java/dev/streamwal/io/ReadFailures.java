package dev.streamwal.io;

import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Exceptions that a reader throws if the file system fails, or if the reader, and so its channels, is closed. Thread-safe. */
public final class ReadFailures {

    private final Path root;
    private final ChannelCache channels;
    private volatile boolean isReplaced;

    public ReadFailures(Path root, ChannelCache channels) {
        this.root = root;
        this.channels = channels;
    }

    /** From now on failures say that another log is at the path. */
    public void markReplaced() {
        isReplaced = true;
    }

    /** Whether failures say that another log is at the path. */
    public boolean isReplaced() {
        return isReplaced;
    }

    /** @throws WalClosedException after the reader was closed, or another log was found at the path */
    public void checkOpen() {
        if (isReplaced || channels.isClosed()) {
            throw closed(null);
        }
    }

    /** The exception for a failure of the file system; {@link WalClosedException} if closing the reader, or another log at the path, was the cause. */
    public WalException of(String action, IOException failure, @Nullable Path file, @Nullable String stream, long position) {
        return isReplaced || channels.isClosed() ? closed(failure) : IoFailure.of(action, failure, file, stream, position);
    }

    private WalClosedException closed(@Nullable IOException failure) {
        String problem = isReplaced
                ? "another log is at the path now, a new or a restored one: root=" + root + "; open cursors, tails and consumers again"
                : "reader is closed: root=" + root + "; open another one";
        return new WalClosedException(problem, root, null, WalException.NO_POSITION, failure);
    }
}
