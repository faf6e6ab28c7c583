package dev.streamwal.segment;

import java.util.concurrent.locks.LockSupport;

/**
 * The place of a segment that looks damaged, how often it was looked at, and whether it has been reported. Bytes that look damaged may be in the
 * middle of a positional write, so they are read again before they count as damaged.
 */
public final class DamageDoubt {

    private static final int MAX_LOOKS = 3;
    private static final long PAUSE_NANOS = 200_000;
    private static final long NOWHERE = -1;

    private long doubted = NOWHERE;
    private int looks;
    private long told = NOWHERE;

    /** Whether to look again; pauses before the second and later looks. */
    public boolean remains(long offset) {
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

    public boolean isTold(long offset) {
        return told == offset;
    }

    public void tell(long offset) {
        told = offset;
    }
}
