package dev.streamwal.commit;

/** Decides how the bytes of a segment become durable. Pure. */
final class CommitPolicy {

    enum Choice {
        /** They go into the block. */
        JOURNAL,
        /** The segment is forced: its bytes are written once, not twice. */
        FORCE,
        /** The block is full: the bytes wait for the next. */
        NEXT_BLOCK
    }

    private final JournalSizes sizes;

    CommitPolicy(JournalSizes sizes) {
        this.sizes = sizes;
    }

    /**
     * Both ways need room in the block: the journal records how far a forced segment was durable; otherwise recovery would not know.
     *
     * @param bytes of the segment that are published but not durable
     * @param takenOfStream bytes of the same stream that are in the block
     * @param mentionBytes that an entry about the segment needs in addition, with everything before it
     * @param room in the block
     */
    Choice choose(int bytes, long takenOfStream, int mentionBytes, int room) {
        if (bytes + takenOfStream > sizes.maxStreamBytes()) {
            return mentionBytes <= room ? Choice.FORCE : Choice.NEXT_BLOCK;
        }
        return (long) bytes + mentionBytes <= room ? Choice.JOURNAL : Choice.NEXT_BLOCK;
    }
}
