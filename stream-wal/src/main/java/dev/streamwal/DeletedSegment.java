package dev.streamwal;

import dev.streamwal.append.StreamLog;
import dev.streamwal.engine.SweptSegment;
import dev.streamwal.retention.ExpiryPlan;
import java.nio.file.Path;
import java.time.Instant;

/**
 * A segment that is gone. Immutable.
 *
 * @param path of its file, or of the pack that it stood in, which stays as long as others stand in it
 * @param stream the key
 * @param position of its first record
 * @param expiration from when on it could be deleted; later than now, where another reason than {@link Reason#EXPIRED}
 *     was
 * @param bytes that it took
 * @param reason why it went
 */
public record DeletedSegment(Path path, String stream, long position, Instant expiration, long bytes, Reason reason) {

    static DeletedSegment of(SweptSegment segment) {
        return of(segment.gone(), segment.key(), Reason.of(segment.cause()));
    }

    static DeletedSegment of(StreamLog.Deleted gone, String key, Reason reason) {
        return new DeletedSegment(gone.file(), key, gone.name().basePosition(), Instant.ofEpochMilli(gone.name().expirationMillis()), gone.bytes(), reason);
    }

    /** Why a segment was deleted; the first that applied. */
    public enum Reason {

        /** Its expiration had come. */
        EXPIRED,

        /** Its stream was over {@link WalOptions#maxBytesPerStream()} or {@link StreamOptions#maxBytesPerStream()}. */
        STREAM_BYTES,

        /** The log was over {@link WalOptions#maxTotalBytes()}. */
        TOTAL_BYTES,

        /** The program called {@code purge}. */
        PURGED,

        /** The program called {@code delete}. */
        STREAM_DELETED,

        /** All of it stood behind what the program gave to {@link WalStream#truncateAfter}. */
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
