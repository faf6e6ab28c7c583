package dev.streamwal.storage;

/** The room on the disk that a log leaves free, so that it can free more. Thread-safe. */
@FunctionalInterface
public interface KeptRoom {

    /** None is kept. */
    KeptRoom NONE = moreBytes -> {};

    /**
     * Called before a file grows.
     *
     * @throws RoomKeptException if less would then be free than is kept
     */
    void check(long moreBytes) throws RoomKeptException;
}
