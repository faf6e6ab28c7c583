package dev.streamwal.reader;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Something a log could not do. Its message says which rule was broken, with which values, in which file and where, and what to do next.
 * Sub-classes are told apart by what the caller does next.
 */
public class WalException extends RuntimeException {

    /** What {@link #position()} says where no position is concerned. */
    public static final long NO_POSITION = -1;

    private static final long serialVersionUID = 1L;

    private final transient @Nullable Path file;
    private final @Nullable String stream;
    private final long position;

    /**
     * @param file the file concerned; null where there is none
     * @param stream the key of the stream concerned; null where there is none
     * @param position the stream position concerned; {@link #NO_POSITION} where there is none
     */
    public WalException(String message, @Nullable Path file, @Nullable String stream, long position) {
        this(message, file, stream, position, null);
    }

    /** As the other constructor, with the failure behind this one. */
    public WalException(
            String message, @Nullable Path file, @Nullable String stream, long position, @Nullable Throwable cause) {
        super(message, cause);
        this.file = file;
        this.stream = stream;
        this.position = position;
    }

    /** The file concerned; null where there is none. */
    public @Nullable Path file() {
        return file;
    }

    /** The key of the stream concerned; null where there is none. */
    public @Nullable String stream() {
        return stream;
    }

    /** The stream position concerned; {@link #NO_POSITION} where there is none. */
    public long position() {
        return position;
    }
}
