package dev.streamwal.examples.s3;

/**
 * How AWS's provider reads. It asks for 5 MiB at a time, and where more than half of these were used, for 49 more such pieces ahead: up to 250 MB for a
 * read of 256 KiB. A log reads what it needs by ranges of 256 KiB, and keeps it in a cache of its own.
 */
final class BucketReads {

    private static final String PIECE = "s3.spi.read.max-fragment-size";
    private static final String PIECES = "s3.spi.read.max-fragment-number";

    private BucketReads() {}

    /** Call it before the first path of a bucket is made. What was set on the command line stays. */
    static void tune() {
        setUnlessSet(PIECE, 256 << 10);
        // the least that the provider takes: one, and one ahead
        setUnlessSet(PIECES, 2);
    }

    private static void setUnlessSet(String property, int value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, Integer.toString(value));
        }
    }
}
