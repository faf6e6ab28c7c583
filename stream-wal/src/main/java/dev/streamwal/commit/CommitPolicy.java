package dev.streamwal.commit;

/** What becomes of the bytes of a segment that are to be durable. Pure. */
final class CommitPolicy {

    enum Choice {
        /** They go into the block. */
        JOURNAL,
        /** Their segment is forced: written once, and not twice. */
        FORCE,
        /** The block is full: they wait for the next. */
        NEXT_BLOCK
    }

    private final JournalSizes sizes;

    CommitPolicy(JournalSizes sizes) {
        this.sizes = sizes;
    }

    /**
     * Either way there has to be room in the block: the journal says of a forced segment how far it was, or recovery would not know.
     *
     * @param bytes of the segment that are published and not durable
     * @param takenOfStream bytes of the same stream that are in the block
     * @param mentionBytes that an entry about the segment needs besides, with all that is in front of it
     * @param room in the block
     */
    Choice choose(int bytes, long takenOfStream, int mentionBytes, int room) {
        if (bytes + takenOfStream > sizes.maxStreamBytes()) {
            return mentionBytes <= room ? Choice.FORCE : Choice.NEXT_BLOCK;
        }
        return (long) bytes + mentionBytes <= room ? Choice.JOURNAL : Choice.NEXT_BLOCK;
    }
}
