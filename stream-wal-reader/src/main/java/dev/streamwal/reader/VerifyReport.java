package dev.streamwal.reader;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The result of verifying every checksum of a stream. Immutable.
 *
 * @since 1.0
 */
public final class VerifyReport {

    /** The most damage that a report lists; more would only say again that the disk is broken. */
    public static final int MAX_DAMAGE = 1_000;

    private final String key;
    private final long records;
    private final long bytes;
    private final List<Damage> damage;
    private final boolean truncated;

    VerifyReport(String key, long records, long bytes, List<Damage> damage, boolean truncated) {
        this.key = key;
        this.records = records;
        this.bytes = bytes;
        this.damage = List.copyOf(damage);
        this.truncated = truncated;
    }

    /** {@return the key of the stream} */
    public String key() {
        return key;
    }

    /** {@return how many records verify} */
    public long records() {
        return records;
    }

    /** {@return how many bytes their frames take} */
    public long bytes() {
        return bytes;
    }

    /** {@return the damage, in order of position, at most {@value #MAX_DAMAGE}} */
    public List<Damage> damage() {
        return damage;
    }

    /** {@return whether there was more damage than {@link #damage()} lists} */
    public boolean truncated() {
        return truncated;
    }

    @Override
    public boolean equals(@Nullable Object object) {
        return object instanceof VerifyReport other
                && key.equals(other.key)
                && records == other.records
                && bytes == other.bytes
                && damage.equals(other.damage)
                && truncated == other.truncated;
    }

    @Override
    public int hashCode() {
        return Objects.hash(key, records, bytes, damage, truncated);
    }

    @Override
    public String toString() {
        return "VerifyReport[key=" + key + ", records=" + records + ", bytes=" + bytes + ", damage=" + damage + ", truncated=" + truncated + "]";
    }
}
