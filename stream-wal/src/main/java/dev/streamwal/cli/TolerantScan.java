package dev.streamwal.cli;

import dev.streamwal.reader.CorruptSegmentException;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryExpiredException;
import dev.streamwal.reader.UnsupportedFormatException;
import dev.streamwal.reader.WalException;
import java.util.function.Consumer;

/** Goes on behind what can't be read, and tells of it. */
final class TolerantScan {

    private final Consumer<String> complaints;
    private boolean complete = true;

    /** @param complaints told what is left out, and why */
    TolerantScan(Consumer<String> complaints) {
        this.complaints = complaints;
    }

    /** As the cursor's; each failure is followed by progress, as it promises. */
    boolean next(EntryCursor cursor) {
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
