package dev.streamwal.storage;

import dev.streamwal.error.WalLockedException;

/** Keeps who has lost the right to write from writing on. Thread-safe. */
public interface WriterFence {

    /** Of what nobody else can write. */
    WriterFence NONE = new WriterFence() {
        @Override
        public void check() {}

        @Override
        public boolean isLost() {
            return false;
        }
    };

    /**
     * Looks whether the right is still there.
     *
     * @throws WalLockedException where somebody else has opened the log: from then on always
     */
    void check();

    /** Whether somebody has looked, and it was gone. */
    boolean isLost();
}
