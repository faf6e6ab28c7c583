package dev.streamwal.cli;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import java.util.function.Consumer;

/** Goes on behind what can't be read, and tells of it. */
final class TolerantScan {

    /**
     * A cursor's way to go on.
     *
     * @param <E> what it may throw beside what is told of
     */
    interface Step<E extends Exception> {
        boolean next() throws E;
    }

    private final Consumer<String> complaints;
    private boolean complete = true;

    /** @param complaints told what is left out, and why */
    TolerantScan(Consumer<String> complaints) {
        this.complaints = complaints;
    }

    /** As the cursor's; each of these failures is followed by progress, as it promises. */
    <E extends Exception> boolean next(Step<E> cursor) throws E {
        while (true) {
            try {
                return cursor.next();
            } catch (CorruptSegmentException | UnsupportedFormatException | EntryExpiredException leftOut) {
                tell(leftOut);
            }
        }
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
