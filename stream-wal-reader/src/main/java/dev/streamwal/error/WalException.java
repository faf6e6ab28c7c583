package dev.streamwal.error;

import dev.streamwal.format.MessageText;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A log could not do what it was asked to. The message says what is wrong, with which values, in which file and where, and what to do next. The
 * message has no control characters: those of keys and paths are escaped in it, but not in {@link #key()} and {@link #file()}. Each sub-class calls
 * for another reaction of the caller: {@code docs/errors.md} lists these reactions.
 *
 * @since 1.0
 */
public class WalException extends RuntimeException {

    /** The value of {@link #position()} if no position is concerned. */
    public static final long NO_POSITION = -1;

    private static final long serialVersionUID = 1L;

    private final transient @Nullable Path file;
    /** A key. */
    private final @Nullable String key;
    /** In the stream. */
    private final long position;

    /**
     * Made by the library.
     *
     * @param message what is wrong, the values, where, and what to do next
     * @param file the file concerned; null if there is none
     * @param key the key of the stream concerned; null if there is none
     * @param position the stream position concerned; {@link #NO_POSITION} if there is none
     */
    public WalException(String message, @Nullable Path file, @Nullable String key, long position) {
        this(message, file, key, position, null);
    }

    /**
     * Made by the library.
     *
     * @param message what is wrong, the values, where, and what to do next
     * @param file the file concerned; null if there is none
     * @param key the key of the stream concerned; null if there is none
     * @param position the stream position concerned; {@link #NO_POSITION} if there is none
     * @param cause the exception that led to this one; null if there is none
     */
    public WalException(
            String message, @Nullable Path file, @Nullable String key, long position, @Nullable Throwable cause) {
        super(MessageText.of(message), cause);
        this.file = file;
        this.key = key;
        this.position = position;
    }

    /** {@return the file concerned; null if there is none} */
    public @Nullable Path file() {
        return file;
    }

    /** {@return the key of the stream concerned; null if there is none} */
    public @Nullable String key() {
        return key;
    }

    /** {@return the stream position concerned; {@link #NO_POSITION} if there is none} */
    public long position() {
        return position;
    }
}
