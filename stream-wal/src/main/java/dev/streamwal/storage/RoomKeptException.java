package dev.streamwal.storage;

import java.io.IOException;

/** The disk has room, but no more than the log needs to free some. */
public final class RoomKeptException extends IOException {

    private static final long serialVersionUID = 1;

    public RoomKeptException(long freeBytes, long keptBytes) {
        super("the remaining space is reserved for packing: free=" + freeBytes + ", kept=" + keptBytes);
    }
}
