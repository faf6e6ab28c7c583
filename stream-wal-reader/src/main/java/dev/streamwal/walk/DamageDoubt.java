package dev.streamwal.walk;

import java.util.concurrent.locks.LockSupport;

/**
 * Which place of a segment looks damaged, how often that was seen, and whether it has been told of. Bytes that look damaged may be in the
 * middle of a write by position, so they are looked at again before they are believed to be.
 */
final class DamageDoubt {

    private static final int MAX_LOOKS = 3;
    private static final long PAUSE_NANOS = 200_000;
    private static final long NOWHERE = -1;

    private long doubted = NOWHERE;
    private int looks;
    private long told = NOWHERE;

    /** Whether to look again, after a pause. */
    boolean remains(long offset) {
        if (doubted != offset) {
            doubted = offset;
            looks = 0;
        }
        looks++;
        if (looks > 1 && looks <= MAX_LOOKS) {
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        return looks <= MAX_LOOKS;
    }

    boolean isTold(long offset) {
        return told == offset;
    }

    void tell(long offset) {
        told = offset;
    }
}
