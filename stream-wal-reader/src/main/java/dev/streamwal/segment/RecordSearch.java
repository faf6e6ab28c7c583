package dev.streamwal.segment;

import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.RecordView;
import java.io.IOException;

/**
 * Searches past damage for the next record that verifies, at every multiple of 8.
 *
 * <p>A payload may be full of bytes that look like records, of any length: a copy of another segment, or bytes forged so that everything from every offset on
 * has to be read and checksummed. So the work is bounded. A search that reaches its bound says that it gave up, not that there is no record: recovery cuts off
 * a tail only if no record is behind it, and must not cut after a search that gave up.
 */
final class RecordSearch {

    /** Result of a search that has found nothing. */
    static final long NOWHERE = -1;

    /**
     * How often the searched bytes may be checksummed: once for records, which don't overlap; twice for members, which are checked with their
     * batch and by themselves; and once more for each segment that is copied into a record of the next.
     */
    private static final int MAX_PASSES = 4;

    /** Added to that, some 10 ms of work: a short search checks everything. */
    private static final long FREE_BYTES = 32 << 20;

    private final ReadBuffer buffer;
    private final FrameCheck frames;
    private final BatchCheck batches;
    private final long firstOffset;
    private boolean gaveUp;

    RecordSearch(ReadBuffer buffer, FrameCheck frames, BatchCheck batches, long firstOffset) {
        this.buffer = buffer;
        this.frames = frames;
        this.batches = batches;
        this.firstOffset = firstOffset;
    }

    /**
     * Finds a record; the members of a batch count only with it.
     *
     * @param from offset of the first place that may hold it
     * @param end offset where the search ends
     * @return the record's offset, or {@link #NOWHERE}: then ask {@link #gaveUp()}
     */
    long find(long from, long end) throws IOException {
        long limit = buffer.limit();
        long fileEnd = buffer.fileSize();
        // a record that doesn't fit the file is then rejected by its lengths alone
        buffer.limit(Math.min(limit, fileEnd));
        try {
            return findBounded(RecordLayout.align(from), Math.min(end, fileEnd));
        } finally {
            buffer.limit(limit);
        }
    }

    private long findBounded(long from, long end) throws IOException {
        gaveUp = false;
        // members that are checked with their batch don't count: the batch's record has verified, and batches don't overlap
        long left = MAX_PASSES * Math.max(0, end - from) + FREE_BYTES;
        for (long at = from; end - at >= RecordLayout.PREFIX_BYTES; at += RecordLayout.ALIGNMENT) {
            if (!buffer.ensure(at, Long.BYTES)) {
                return NOWHERE;
            }
            if (!RecordLayout.isCommitWord(buffer.bytes().getLong(buffer.index(at))) || !isPlausible(at)) {
                continue;
            }
            left -= frames.view().frameBytes();
            if (left < 0) {
                gaveUp = true;
                return NOWHERE;
            }
            if (isWholeRecord(at)) {
                return at;
            }
        }
        return NOWHERE;
    }

    /** Checks the prefix: lengths that fit, and room for the record before; only a segment's first record has none before it. */
    private boolean isPlausible(long at) throws IOException {
        if (frames.peek(at) != Finding.RECORD) {
            return false;
        }
        int previous = frames.view().previousSize();
        return at == firstOffset
                ? previous == 0
                : previous >= RecordLayout.PREFIX_BYTES && previous <= at - firstOffset && previous % RecordLayout.ALIGNMENT == 0;
    }

    private boolean isWholeRecord(long at) throws IOException {
        RecordView view = frames.view();
        if (frames.verify(at) != Finding.RECORD || RecordLayout.isMember(view.flags())) {
            return false;
        }
        return view.flags() != RecordLayout.BATCH || batches.startsAt(at) || batches.enter(at);
    }

    /** Whether the last search reached its bound, so that there may be a record that it hasn't found. */
    boolean gaveUp() {
        return gaveUp;
    }
}
