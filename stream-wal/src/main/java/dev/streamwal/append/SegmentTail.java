package dev.streamwal.append;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The word that orders all operations on a segment. From the lowest bit:
 *
 * <pre>
 *   0  32  tail              offset in the file where the next record goes
 *  32  22  last size         of the record before the tail, in units of 8 bytes; 0 for none
 *  54   9  zero
 *  63   1  SEALED            nothing is appended any more, for ever
 * </pre>
 *
 * The tail only grows, and SEALED stays: so no value recurs, and a compare-and-set on it is right.
 */
final class SegmentTail extends SegmentTailPadding {

    private static final long SEALED = 1L << 63;
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

    static SegmentTail behind(int tail, int lastSize) {
        return new SegmentTail(next(tail, lastSize));
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

    /** The word, not sealed, after a record of {@code lastSize} that ends at {@code tail}. */
    static long next(int tail, int lastSize) {
        return tail | (long) (lastSize >>> LAST_SIZE_UNIT_SHIFT) << LAST_SIZE_SHIFT;
    }

    long getAcquire() {
        return (long) WORD.getAcquire(this);
    }

    /** The one step by which a mapped append reserves its slot. */
    boolean compareAndSet(long expected, long next) {
        return WORD.compareAndSet(this, expected, next);
    }

    /** For a segment that is written by position: under its lock, while it isn't sealed. */
    void advance(int tail, int lastSize) {
        WORD.setVolatile(this, next(tail, lastSize));
    }

    /** Seals for ever. */
    void seal() {
        WORD.getAndBitwiseOr(this, SEALED);
    }
}

/** Keeps what precedes the word in memory out of its cache line; what follows it is the next object's header. */
class SegmentTailPadding {
    long before0;
    long before1;
    long before2;
    long before3;
    long before4;
    long before5;
    long before6;
}
