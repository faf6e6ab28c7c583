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

    /** {@return the path of the segment's file, or of the pack that contained it, below the log's root} A pack stays as long as other segments are in it. */
    public Path path() {
        return fields().path();
    }

    /** {@return the key of the stream that it belonged to} */
    public String key() {
        return fields().key();
    }

    /** {@return the stream position where its first record began} */
    public long position() {
        return fields().position();
    }

    /**
     * {@return the time from which it could be deleted: the end of its window, or of the last one that was merged with it, plus the retention} May be
     * later than now if {@link #reason} isn't {@link Reason#EXPIRED}.
     */
    public Instant expiration() {
        return fields().expiration();
    }

    /** {@return its size in bytes} */
    public long bytes() {
        return fields().bytes();
    }

    /** {@return the reason of its deletion: the first that applied} */
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
