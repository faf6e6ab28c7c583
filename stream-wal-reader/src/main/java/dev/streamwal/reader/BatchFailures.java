package dev.streamwal.reader;

import dev.streamwal.error.WalException;
import org.jspecify.annotations.Nullable;

/** Why refs of a batch can't be read; a batch in which all can has none, and takes no memory for them. Not thread-safe. */
final class BatchFailures {

    private final int refs;
    private @Nullable WalException @Nullable [] byIndex;

    /** @param refs in the batch */
    BatchFailures(int refs) {
        this.refs = refs;
    }

    void add(int index, WalException failure) {
        @Nullable WalException[] known = byIndex;
        if (known == null) {
            known = new WalException[refs];
            byIndex = known;
        }
        known[index] = failure;
    }

    /** Null where none was added. */
    @Nullable WalException of(int index) {
        return byIndex == null ? null : byIndex[index];
    }
}
