package dev.streamwal.cli;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.reader.EntryCursor;
import io.netty.buffer.ByteBuf;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Continues behind what can't be read, and reports it. */
final class TolerantScan {

    /**
     * A cursor's step.
     *
     * @param <E> an exception that it may throw beside those that are reported
     */
    interface Step<E extends Exception> {
        boolean next() throws E;
    }

    private final Consumer<WalException> leftOut;

    /** @param leftOut receives why something is left out */
    TolerantScan(Consumer<WalException> leftOut) {
        this.leftOut = leftOut;
    }

    /** Opens a cursor where that takes reading a part of the stream; empty where the part can't be read. */
    Optional<EntryCursor> open(Supplier<EntryCursor> opening) {
        try {
            return Optional.of(opening.get());
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            leftOut.accept(e);
            return Optional.empty();
        }
    }

    /** A cursor's next step; each of the reported failures is followed by progress, as the cursor promises. */
    <E extends Exception> boolean next(Step<E> cursor) throws E {
        while (true) {
            try {
                return cursor.next();
            } catch (CorruptSegmentException | UnsupportedFormatException | EntryExpiredException e) {
                leftOut.accept(e);
            }
        }
    }

    /** Moves the cursor to the next record that can be shown. */
    boolean next(EntryCursor cursor) {
        return next(() -> cursor.next() && isReadable(cursor));
    }

    /** The same where the cursor reads several streams, and promises to go on with the others after one can't be read. */
    boolean nextOfSeveral(EntryCursor cursor) {
        while (true) {
            try {
                return next(cursor);
            } catch (WalIOException e) {
                if (e.key() == null) {
                    throw e; // not even which streams there are can be read
                }
                leftOut.accept(e);
            }
        }
    }

    /** True; throws what reading an encrypted record may throw. */
    static boolean isReadable(EntryCursor cursor) {
        ByteBuf unused = cursor.content();
        return true;
    }
}
