package dev.streamwal.pack;

/**
 * A file that a pack replaces.
 *
 * @param kind one of the constants here
 * @param number of the file, never given twice among those of its kind
 * @param length of the file, bytes
 */
public record PackSource(int kind, long number, long length) {

    /** A shared segment. */
    public static final int SHARED_SEGMENT = 1;
    /** A pack that was merged into this one. */
    public static final int PACK = 2;
    /** A segment of one stream. */
    public static final int OWN_SEGMENT = 3;

    /** The same rules by which {@link PackSources#decode} believes one. */
    public PackSource {
        if (kind < SHARED_SEGMENT || kind > OWN_SEGMENT || number < 0 || length < 0) {
            throw new IllegalArgumentException("a pack's source is of a known kind, with a number and a length: kind=" + kind + ", number="
                    + number + ", length=" + length);
        }
    }
}
