package dev.streamwal.io;

import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Exceptions that a reader throws where the file system fails or the reader, and so its channels, is closed. Thread-safe. */
public final class ReadFailures {

    private final Path root;
    private final ChannelCache channels;

    public ReadFailures(Path root, ChannelCache channels) {
        this.root = root;
        this.channels = channels;
    }

    /** @throws WalClosedException after the reader was closed */
    public void checkOpen() {
        if (channels.isClosed()) {
            throw closed(null);
        }
    }

    /** The exception for a failure of the file system; {@link WalClosedException} if closing the reader was the cause. */
    public WalException of(String action, IOException failure, @Nullable Path file, @Nullable String stream, long position) {
        return channels.isClosed() ? closed(failure) : IoFailure.of(action, failure, file, stream, position);
    }

    private WalClosedException closed(@Nullable IOException failure) {
        return new WalClosedException(
                "reader is closed: root=" + root, root, null, WalException.NO_POSITION, failure);
    }
}
