package dev.streamwal.walk;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.WriterView;
import dev.streamwal.segment.SegmentReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.LockSupport;

/** Waits for a slot that the writer in this process has reserved and not published yet. One thread; an interrupt doesn't end a wait. */
final class SlotWait {

    /** The result of a wait. */
    enum Outcome {
        PUBLISHED,
        /** The slot will never be published. */
        GIVEN_UP,
        /** The segment is not written any more, and the slot isn't published: it was cut off, or deleted with its segment. */
        FINISHED,
        /** Not published within 10 s: the writing thread is not merely slow. */
        OVERDUE
    }

    /** A slot is published within microseconds, unless its thread was descheduled. */
    private static final int MAX_SPINS = 200;
    private static final long PAUSE_NANOS = 1_000_000;
    private static final int MAX_PAUSES = 10_000;

    private final LogSource log;
    private final ByteBuffer word = ByteBuffer.allocate(Long.BYTES);

    SlotWait(LogSource log) {
        this.log = log;
    }

    /** Waits until there is a commit word at the offset, or there will be none. */
    Outcome await(SegmentReader reader, long offset) throws IOException {
        long position = reader.header().positionAt(offset);
        boolean interrupted = false;
        try {
            for (int tries = 0; tries < MAX_SPINS + MAX_PAUSES; tries++) {
                if (isGivenUp(reader.segment().key().text(), position)) {
                    return Outcome.GIVEN_UP;
                }
                if (isPublished(reader, offset)) {
                    return Outcome.PUBLISHED;
                }
                if (tries < MAX_SPINS) {
                    Thread.onSpinWait();
                } else if (isFinished(reader.segment().key().text(), position)) {
                    return isPublished(reader, offset) ? Outcome.PUBLISHED : Outcome.FINISHED;
                } else {
                    interrupted |= Thread.interrupted();
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
            }
            return Outcome.OVERDUE;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private boolean isGivenUp(String key, long position) {
        WriterView writer = log.writer();
        return writer != null && writer.abandoned(key, position);
    }

    private boolean isFinished(String key, long position) {
        WriterView writer = log.writer();
        return writer != null && !writer.unfinished(key, position);
    }

    private boolean isPublished(SegmentReader reader, long offset) throws IOException {
        word.clear();
        return reader.read(word, offset) == Long.BYTES && word.getLong(0) != 0;
    }
}
