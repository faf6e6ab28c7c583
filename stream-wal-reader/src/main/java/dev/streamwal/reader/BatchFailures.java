package dev.streamwal.reader;

import dev.streamwal.error.WalException;
import org.jspecify.annotations.Nullable;

/** Why refs of a batch can't be read. Takes no memory if all refs can be read. Failures may be added by several threads. */
final class BatchFailures {

    private final int refs;
    private @Nullable WalException @Nullable [] byIndex;

    /** @param refs in the batch */
    BatchFailures(int refs) {
        this.refs = refs;
    }

    synchronized void add(int index, WalException failure) {
        @Nullable WalException[] known = byIndex;
        if (known == null) {
            known = new WalException[refs];
            byIndex = known;
        }
        known[index] = failure;
    }

    /** The failure of a ref; null if it has none. */
    @Nullable WalException of(int index) {
        return byIndex == null ? null : byIndex[index];
    }
}
