package dev.streamwal.retention;

import dev.streamwal.error.TimestampOutOfRangeException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.Window;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Which timestamps a stream accepts. Pure. */
public final class TimeRules {

    /** Beyond every timestamp and every expiration, and far enough from overflow to be added to. */
    private static final long END_OF_TIME_MILLIS = 1L << 60;

    private final StreamPolicy policy;
    private final long maxSkewMillis;

    public TimeRules(StreamPolicy policy, long maxSkewMillis) {
        this.policy = policy;
        this.maxSkewMillis = maxSkewMillis;
    }

    /**
     * Epoch ms of a caller's time, rounded down, also before 1970. A time out of range becomes an end of time: all comparisons are right, and
     * {@link #check} refuses it as a timestamp.
     */
    public static long millis(Instant given) {
        if (Objects.requireNonNull(given, "timestamp").getEpochSecond() >= END_OF_TIME_MILLIS / 1_000) {
            return END_OF_TIME_MILLIS;
        }
        return given.getEpochSecond() <= -END_OF_TIME_MILLIS / 1_000 ? -END_OF_TIME_MILLIS : given.toEpochMilli();
    }

    /**
     * Refuses a timestamp that would keep the stream in a window of the far future, and one whose window has expired, because the record would be
     * swept as soon as it was acknowledged.
     */
    public void check(long timestampMillis, long nowMillis, String stream) {
        // a window ends after its timestamps: one younger than the retention can't have expired
        boolean recent = timestampMillis >= nowMillis - policy.retentionMillis() && timestampMillis <= nowMillis + maxSkewMillis;
        if (recent && isDate(timestampMillis)) {
            return;
        }
        String fault = fault(timestampMillis, nowMillis);
        if (fault != null) {
            throw new TimestampOutOfRangeException(fault + ", clock=" + text(nowMillis) + ", stream=" + stream + "; " + remedy(timestampMillis, nowMillis),
                    null, stream, WalException.NO_POSITION);
        }
    }

    private @Nullable String fault(long timestampMillis, long nowMillis) {
        if (!isDate(timestampMillis)) {
            return "timestamp is outside the years 0001 to 9999: timestamp=" + timestampMillis;
        }
        if (timestampMillis > nowMillis + maxSkewMillis) {
            return "timestamp is too far ahead of the log's clock: timestamp=" + text(timestampMillis) + ", maxClockSkew=" + Duration.ofMillis(maxSkewMillis);
        }
        Window window = policy.windowOf(timestampMillis);
        if (policy.expirationOf(window) <= nowMillis) {
            return "record's window has expired: timestamp=" + text(timestampMillis) + ", window=[" + text(window.startMillis()) + ", "
                    + text(window.endMillis()) + "), retention=" + Duration.ofMillis(policy.retentionMillis());
        }
        return null;
    }

    private static boolean isDate(long millis) {
        return millis >= StreamPolicy.MIN_TIMESTAMP_MILLIS && millis <= StreamPolicy.MAX_TIMESTAMP_MILLIS;
    }

    private static String remedy(long timestampMillis, long nowMillis) {
        if (!isDate(timestampMillis)) {
            return "give epoch milliseconds";
        }
        return (timestampMillis > nowMillis ? "compare the sender's clock with the log's, or raise maxClockSkew"
                : "leave the record out, set a longer retention, or correct the log's clock") + ". Timestamps are epoch milliseconds";
    }

    private static String text(long millis) {
        return isDate(millis) ? Instant.ofEpochMilli(millis).toString() : String.valueOf(millis);
    }
}
