package dev.streamwal.append;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The word that orders everything done to a segment. From the lowest bit:
 *
 * <pre>
 *   0  32  tail              offset in the file where the next record goes
 *  32  22  last size         of the record before the tail, in units of 8 bytes; 0 for none
 *  54   8  zero
 *  62   1  PARKED            the segment isn't mapped; the word changes under the segment's lock only
 *  63   1  SEALED            nothing is appended any more, for ever
 * </pre>
 *
 * The tail only grows. A word that comes back after a park and a resume means what it meant before, so a compare-and-set on it is right.
 */
final class SegmentTail extends SegmentTailPadding {

    private static final long SEALED = 1L << 63;
    private static final long PARKED = 1L << 62;
    private static final long TAIL_MASK = 0xFFFF_FFFFL;
    private static final int LAST_SIZE_SHIFT = 32;
    private static final int LAST_SIZE_UNIT_SHIFT = 3;
    private static final int LAST_SIZE_MASK = (1 << 22) - 1;

    private static final VarHandle WORD;

    static {
        try {
            WORD = MethodHandles.lookup().findVarHandle(SegmentTail.class, "word", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("UnusedVariable") // by WORD only
    private volatile long word;

    private SegmentTail(long word) {
        this.word = word;
    }

    static SegmentTail parked(int tail, int lastSize) {
        return new SegmentTail(next(tail, lastSize) | PARKED);
    }

    static int tail(long word) {
        return (int) (word & TAIL_MASK);
    }

    static int lastSize(long word) {
        return ((int) (word >>> LAST_SIZE_SHIFT) & LAST_SIZE_MASK) << LAST_SIZE_UNIT_SHIFT;
    }

    static boolean isSealed(long word) {
        return word < 0;
    }

    static boolean isParked(long word) {
        return (word & PARKED) != 0;
    }

    /** A word, neither parked nor sealed, behind a record of {@code lastSize} that ends at {@code tail}. */
    static long next(int tail, int lastSize) {
        return tail | (long) (lastSize >>> LAST_SIZE_UNIT_SHIFT) << LAST_SIZE_SHIFT;
    }

    long getAcquire() {
        return (long) WORD.getAcquire(this);
    }

    /** The one step by which a mapped append takes its place. */
    boolean compareAndSet(long expected, long next) {
        return WORD.compareAndSet(this, expected, next);
    }

    /** Under the segment's lock, while parked and not sealed. */
    void setParked(int tail, int lastSize) {
        WORD.setVolatile(this, next(tail, lastSize) | PARKED);
    }

    /** Under the segment's lock. Returns the word before. */
    long seal() {
        return (long) WORD.getAndBitwiseOr(this, SEALED);
    }

    /** Under the segment's lock. Returns the word before. */
    long park() {
        return (long) WORD.getAndBitwiseOr(this, PARKED);
    }

    /** Under the segment's lock, with the mapping in place. */
    void resume() {
        WORD.getAndBitwiseAnd(this, ~PARKED);
    }
}

/** Keeps what stands before the word in memory out of its cache line; what stands behind it is the next object's header. */
class SegmentTailPadding {
    long before0;
    long before1;
    long before2;
    long before3;
    long before4;
    long before5;
    long before6;
}
