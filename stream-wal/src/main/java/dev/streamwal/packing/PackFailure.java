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

    /** Whether a pack is damaged, or can't be read for a {@linkplain IoFailure#isOfFile reason of its own}; not where the log is being closed. */
    static boolean isOfPack(Exception failure) {
        if (failure instanceof WalException) {
            return failure instanceof CorruptSegmentException || failure instanceof UnsupportedFormatException;
        }
        return !(failure instanceof IOException e) || IoFailure.isOfFile(e);
    }

    /** Whether a failure keeps only from knowing what a pack has: it is {@linkplain #isOfPack the pack's}, or the table of one in the tier is missing here. */
    static boolean isOfTable(Exception failure) {
        return isOfPack(failure) || failure instanceof TierFailure;
    }
}
