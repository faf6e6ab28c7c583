package dev.streamwal.io;

import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What a reader throws where the file system fails, or where it has been closed: by the same token its channels are. Thread-safe. */
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

    /** The error for what the file system threw; if the reader was closed meanwhile, that is why it did. */
    public WalException of(String action, IOException failure, @Nullable Path file, @Nullable String stream, long position) {
        return channels.isClosed() ? closed(failure) : IoFailure.of(action, failure, file, stream, position);
    }

    private WalClosedException closed(@Nullable IOException failure) {
        return new WalClosedException(
                "a reader is not used after it was closed: root=" + root, root, null, WalException.NO_POSITION, failure);
    }
}
