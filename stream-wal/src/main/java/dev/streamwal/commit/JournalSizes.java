package dev.streamwal.commit;

/**
 * How large the commit journal and what goes into it at once may be.
 *
 * @param minFileBytes of the first file: little, since many logs never need more
 * @param maxFileBytes of a later one: the larger, the less often is each segment mentioned anew
 * @param maxTotalBytes of all files: past it appends wait for a checkpoint
 * @param maxBlockBytes of what is flushed at once
 * @param maxStreamBytes of one stream in a block: of what has more to commit, the segments are forced, which writes it once and not twice
 */
public record JournalSizes(int minFileBytes, int maxFileBytes, long maxTotalBytes, int maxBlockBytes, int maxStreamBytes) {

    public static final JournalSizes DEFAULT = new JournalSizes(4 << 20, 64 << 20, 1L << 30, 2 << 20, 1 << 20);

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
