package dev.streamwal.segment;

/**
 * How much a scan reads at a time; larger records are read whole.
 *
 * @param firstBytes at first, doubled with every read in sequence
 * @param maxBytes at most
 */
public record ReadSizes(int firstBytes, int maxBytes) {

    /** A record, or a few. */
    private static final int SMALL_FIRST_BYTES = 4 << 10;

    /** Room for a short record, and the beginning of a long one. */
    private static final int ONE_RECORD_BYTES = 512;

    private static final int LARGE_FIRST_BYTES = 64 << 10;

    public ReadSizes {
        firstBytes = Math.min(firstBytes, maxBytes);
    }

    /** For scans that are likely to read much. */
    public static ReadSizes large(int maxBytes) {
        return new ReadSizes(LARGE_FIRST_BYTES, maxBytes);
    }

    /** For reads where a few records are likely to be enough. */
    public static ReadSizes small(int maxBytes) {
        return new ReadSizes(SMALL_FIRST_BYTES, maxBytes);
    }

    /** For a record whose place is known: reading around it would only unpack more of a pack. */
    public static ReadSizes oneRecord(ReadSettings settings) {
        return new ReadSizes(ONE_RECORD_BYTES, settings.scanBufferBytes());
    }

    public static ReadSizes large(ReadSettings settings) {
        return large(settings.scanBufferBytes());
    }

    public static ReadSizes small(ReadSettings settings) {
        return small(settings.scanBufferBytes());
    }
}
