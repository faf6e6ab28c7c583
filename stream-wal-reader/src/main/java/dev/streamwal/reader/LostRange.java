package dev.streamwal.reader;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A range of stream positions whose records were deleted before a consumer had read them. It doesn't tell how many bytes were lost: the stream may
 * have skipped positions within the range. Immutable.
 *
 * @since 1.0
 */
public final class LostRange {

    private final String key;
    private final long from;
    private final long to;

    LostRange(String key, long from, long to) {
        this.key = key;
        this.from = from;
        this.to = to;
    }

    /** {@return the key of the stream} */
    public String key() {
        return key;
    }

    /** {@return the stream position where it begins, inclusive} */
    public long from() {
        return from;
    }

    /** {@return the stream position where it ends, exclusive} */
    public long to() {
        return to;
    }

    @Override
    public boolean equals(@Nullable Object object) {
        return object instanceof LostRange other
                && key.equals(other.key)
                && from == other.from
                && to == other.to;
    }

    @Override
    public int hashCode() {
        return Objects.hash(key, from, to);
    }

    @Override
    public String toString() {
        return "LostRange[key=" + key + ", from=" + from + ", to=" + to + "]";
    }
}
