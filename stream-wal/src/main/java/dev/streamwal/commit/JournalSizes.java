package dev.streamwal.commit;

/**
 * Limits of the commit journal's files and blocks.
 *
 * @param minFileBytes of the first file: small, since many logs never need more
 * @param maxFileBytes of later files: the larger they are, the less often segments are mentioned anew
 * @param maxTotalBytes of all files: beyond it appends wait for a checkpoint
 * @param maxBlockBytes of one flush
 * @param maxStreamBytes of one stream in a block: a stream with more to commit has its segments forced, which writes the bytes once, not
 *     twice
 */
public record JournalSizes(int minFileBytes, int maxFileBytes, long maxTotalBytes, int maxBlockBytes, int maxStreamBytes) {

    /** A stream's share of a block has room for 10,000 records of 128 bytes, which may be in flight at once; all shared records are one stream's. */
    public static final JournalSizes DEFAULT = new JournalSizes(4 << 20, 64 << 20, 1L << 30, 4 << 20, 2 << 20);

    public JournalSizes {
        if (maxStreamBytes > maxBlockBytes / 2 || maxBlockBytes > minFileBytes || minFileBytes > maxFileBytes
                || 2L * maxFileBytes > maxTotalBytes || minFileBytes % Long.BYTES != 0 || maxFileBytes % Long.BYTES != 0) {
            throw new IllegalArgumentException("journal sizes don't fit: "
                    + "minFileBytes=" + minFileBytes + ", maxFileBytes=" + maxFileBytes + ", maxTotalBytes=" + maxTotalBytes
                    + ", maxBlockBytes=" + maxBlockBytes + ", maxStreamBytes=" + maxStreamBytes
                    + "; a block needs room for two of maxStreamBytes, a file for a block, the journal for two files; files are multiples of 8");
        }
    }
}
