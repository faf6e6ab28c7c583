package dev.streamwal.cli;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
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

    private final Consumer<String> complaints;
    private boolean complete = true;

    /** @param complaints receives what is left out, and why */
    TolerantScan(Consumer<String> complaints) {
        this.complaints = complaints;
    }

    /** Opens a cursor where that takes reading a part of the stream; empty where the part can't be read. */
    Optional<EntryCursor> open(Supplier<EntryCursor> opening) {
        try {
            return Optional.of(opening.get());
        } catch (CorruptSegmentException | UnsupportedFormatException leftOut) {
            tell(leftOut);
            return Optional.empty();
        }
    }

    /** A cursor's next step; each of the reported failures is followed by progress, as the cursor promises. */
    <E extends Exception> boolean next(Step<E> cursor) throws E {
        while (true) {
            try {
                return cursor.next();
            } catch (CorruptSegmentException | UnsupportedFormatException | EntryExpiredException leftOut) {
                tell(leftOut);
            }
        }
    }

    /** Moves the cursor to the next record that can be shown. */
    boolean next(EntryCursor cursor) {
        return next(() -> cursor.next() && isReadable(cursor));
    }

    /** True; throws what reading an encrypted record may throw. */
    static boolean isReadable(EntryCursor cursor) {
        ByteBuf unused = cursor.content();
        return true;
    }

    private void tell(WalException leftOut) {
        complete = false;
        complaints.accept(String.valueOf(leftOut.getMessage()));
    }

    /** Whether nothing was left out. */
    Exit exit() {
        return complete ? Exit.OK : Exit.FINDINGS;
    }
}
