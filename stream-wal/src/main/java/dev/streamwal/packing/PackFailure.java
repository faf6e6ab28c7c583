package dev.streamwal.packing;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.io.IoFailure;
import dev.streamwal.io.TierFailure;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.NoSuchFileException;

/** Tells failures of one pack from those that any other pack would meet as well. */
final class PackFailure {

    private PackFailure() {}

    /**
     * Whether a pack is damaged, or can't be read for a reason of its own, as a sector that has gone bad, or another owner of the file: the next attempt would most
     * likely meet the same. Not where the process can't open more files, the disk is full, the tier is away, the log is being closed, or the pack has gone.
     */
    static boolean isOfPack(Exception failure) {
        if (failure instanceof WalException) {
            return failure instanceof CorruptSegmentException || failure instanceof UnsupportedFormatException;
        }
        return !(failure instanceof IOException e) || !(isShared(e) || e instanceof NoSuchFileException);
    }

    private static boolean isShared(IOException failure) {
        return failure instanceof TierFailure || failure instanceof ClosedChannelException || IoFailure.isTooManyOpenFiles(failure)
                || IoFailure.isDiskFull(failure);
    }
}
