package dev.streamwal.storage;

import dev.streamwal.error.WalLockedException;

/** Keeps a writer that has lost the right to write from writing on. Thread-safe. */
public interface WriterFence {

    /** For a log that no other process can write. */
    WriterFence NONE = new WriterFence() {
        @Override
        public void check() {}

        @Override
        public boolean isLost() {
            return false;
        }
    };

    /**
     * Checks whether this writer still has the right to write.
     *
     * @throws WalLockedException if another writer has opened the log: from then on always
     */
    void check();

    /** Whether a check has found the right lost. */
    boolean isLost();

    /** As {@link #check}, for a caller that then leaves to the other writer what it was about to do. */
    default boolean isLostNow() {
        try {
            check();
            return false;
        } catch (WalLockedException e) {
            return true;
        }
    }
}
