package dev.streamwal.format;

/**
 * Where a nano-wal record stands, as a stream position. The format has no positions, so they are made up: {@code ordinal << 40 | 8 × (offset − 16)}. The
 * ordinal is the file's among those of its prefix. Offsets are multiplied by 8, and a frame has at least 16 bytes, so positions and sizes follow the rules of
 * an {@code EntryRef}: they are multiples of 8, and a size is 32 or more and leads to the next record.
 *
 * <p>A ref's size is below 32 MiB. Every frame of 4 MiB or more has the greatest possible size.
 */
public final class NanoWalPosition {

    /** Longest file, 128 GiB: positions in a longer one would run into the next file's. */
    public static final long MAX_FILE_BYTES = 1L << 37;
    public static final int MAX_ORDINAL = (1 << 23) - 1;
    /** Size in the ref of a frame of 4 MiB or more. */
    public static final int MAX_SIZE = RecordLayout.MAX_FRAME_BYTES;

    private static final int ORDINAL_SHIFT = 40;
    private static final long IN_FILE_MASK = (1L << ORDINAL_SHIFT) - 1;
    private static final int UNIT = RecordLayout.ALIGNMENT;

    static {
        RecordLayout.require(MAX_FILE_BYTES * UNIT - 1 == IN_FILE_MASK, "a file's positions don't fill their bits");
        RecordLayout.require(NanoWalLayout.PREFIX_BYTES * UNIT >= RecordLayout.PREFIX_BYTES, "the shortest frame is below the least size of a ref");
    }

    private NanoWalPosition() {}

    /** @param offset in the file, at or behind its header */
    public static long of(int ordinal, long offset) {
        return (long) ordinal << ORDINAL_SHIFT | (offset - NanoWalLayout.FILE_HEADER_BYTES) * UNIT;
    }

    /** Position of the file's first record. */
    public static long base(int ordinal) {
        return of(ordinal, NanoWalLayout.FILE_HEADER_BYTES);
    }

    public static int ordinal(long position) {
        return (int) (position >>> ORDINAL_SHIFT);
    }

    /** Offset in the file; -1 if this is no position of a nano-wal record. */
    public static long offset(long position) {
        long inFile = position & IN_FILE_MASK;
        return inFile % UNIT == 0 ? inFile / UNIT + NanoWalLayout.FILE_HEADER_BYTES : -1;
    }

    /** Size of a frame for its ref. */
    public static int size(long frameBytes) {
        return (int) Math.min(frameBytes * UNIT, MAX_SIZE);
    }

    /** Length of a frame with that size; -1 if the size doesn't tell. */
    public static int frameBytes(int size) {
        return size == MAX_SIZE ? -1 : size / UNIT;
    }
}
