package dev.streamwal;

import dev.streamwal.append.StreamLog;
import dev.streamwal.packing.SweptSegment;
import dev.streamwal.retention.ExpiryPlan;
import java.nio.file.Path;
import java.time.Instant;

/**
 * A segment that is gone. Immutable.
 *
 * @since 1.0
 */
public final class DeletedSegment extends Snapshot<DeletedSegment.Fields> {

    record Fields(Path path, String key, long position, Instant expiration, long bytes, Reason reason) {}

    DeletedSegment(Fields fields) {
        super(fields);
    }

    /**
     * The segment's file, or the pack that contained it. A pack stays as long as other segments are in it.
     *
     * @return the path, below the log's root
     */
    public Path path() {
        return fields().path();
    }

    /**
     * The stream that it belonged to.
     *
     * @return the stream's key
     */
    public String key() {
        return fields().key();
    }

    /**
     * Where its first record began.
     *
     * @return a stream position
     */
    public long position() {
        return fields().position();
    }

    /**
     * The time from which it could be deleted.
     *
     * @return the end of its window, or of the last one that was merged with it, plus the retention; may be later than now if {@link #reason}
     *     isn't {@link Reason#EXPIRED}
     */
    public Instant expiration() {
        return fields().expiration();
    }

    /**
     * Its size.
     *
     * @return bytes
     */
    public long bytes() {
        return fields().bytes();
    }

    /**
     * Reason of its deletion.
     *
     * @return the first reason that applied
     */
    public Reason reason() {
        return fields().reason();
    }

    static DeletedSegment of(SweptSegment segment) {
        return of(segment.gone(), segment.key(), Reason.of(segment.cause()));
    }

    static DeletedSegment of(StreamLog.Deleted gone, String key, Reason reason) {
        return new DeletedSegment(new Fields(gone.file(), key, gone.name().basePosition(), Instant.ofEpochMilli(gone.name().expirationMillis()),
                gone.bytes(), reason));
    }

    /** Why a segment was deleted; the first that applied. */
    public enum Reason {

        /** It had expired. */
        EXPIRED,

        /** Its stream was over {@link WalOptions#maxBytesPerStream()} or {@link StreamOptions#maxBytesPerStream()}. */
        STREAM_BYTES,

        /** The log was over {@link WalOptions#maxTotalBytes()}. */
        TOTAL_BYTES,

        /** The program called {@code purge}. */
        PURGED,

        /** The program called {@code delete}. */
        STREAM_DELETED,

        /** All of it was after the record that the program passed to {@link WalStream#truncateAfter}. */
        TRUNCATED;

        static Reason of(ExpiryPlan.Cause cause) {
            return switch (cause) {
                case EXPIRED -> EXPIRED;
                case STREAM_BYTES -> STREAM_BYTES;
                case TOTAL_BYTES -> TOTAL_BYTES;
            };
        }
    }
}
