package dev.streamwal.packing;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.io.IoFailure;
import dev.streamwal.io.TierFailure;
import java.io.IOException;

/** Tells failures of one pack from those that any other pack would meet as well. */
final class PackFailure {

    private PackFailure() {}

    /** Whether a pack is damaged, or can't be read for a {@linkplain IoFailure#isOfFile reason of its own}; false if the log is being closed. */
    static boolean isOfPack(Exception failure) {
        if (failure instanceof WalException) {
            return failure instanceof CorruptSegmentException || failure instanceof UnsupportedFormatException;
        }
        return !(failure instanceof IOException e) || IoFailure.isOfFile(e);
    }

    /**
     * Whether a failure only means that a pack's content isn't known: it is {@linkplain #isOfPack the pack's}, or the pack is in the tier and its
     * table is missing here.
     */
    static boolean isOfTable(Exception failure) {
        return isOfPack(failure) || failure instanceof TierFailure;
    }
}
