package dev.streamwal.reader;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How far a consumer lags behind in one stream, at the time of the call. Immutable.
 *
 * @since 1.0
 */
public final class ConsumerLag {

    private final String key;
    private final long committed;
    private final long end;
    private final long behindBytes;
    private final Optional<LostRange> lost;

    ConsumerLag(String key, long committed, long end, long behindBytes, Optional<LostRange> lost) {
        this.key = key;
        this.committed = committed;
        this.end = end;
        this.behindBytes = behindBytes;
        this.lost = lost;
    }

    /** {@return the key of the stream} */
    public String key() {
        return key;
    }

    /** {@return the committed position: every record before it has been processed. The stream's first position where nothing was committed} */
    public long committed() {
        return committed;
    }

    /** {@return the stream position where the data ends; the stream's first position where damage hides the end} */
    public long end() {
        return end;
    }

    /** {@return how many bytes of records lie between the two; less than the distance of the positions where the stream has skipped positions} */
    public long behindBytes() {
        return behindBytes;
    }

    /** {@return the range that was deleted before it was committed; empty where none is known} */
    public Optional<LostRange> lost() {
        return lost;
    }

    @Override
    public boolean equals(@Nullable Object object) {
        return object instanceof ConsumerLag other
                && key.equals(other.key)
                && committed == other.committed
                && end == other.end
                && behindBytes == other.behindBytes
                && lost.equals(other.lost);
    }

    @Override
    public int hashCode() {
        return Objects.hash(key, committed, end, behindBytes, lost);
    }

    @Override
    public String toString() {
        return "ConsumerLag[key=" + key + ", committed=" + committed + ", end=" + end + ", behindBytes=" + behindBytes + ", lost=" + lost + "]";
    }
}
