package dev.streamwal.reader;

import java.util.NavigableMap;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A consumer's name, its streams and its commits. Immutable.
 *
 * @since 1.0
 */
public final class ConsumerInfo {

    private final String name;
    private final Keys keys;
    private final NavigableMap<String, Long> committed;
    private final OptionalLong lastCommitMillis;

    ConsumerInfo(String name, Keys keys, NavigableMap<String, Long> committed, OptionalLong lastCommitMillis) {
        this.name = name;
        this.keys = keys;
        this.committed = committed;
        this.lastCommitMillis = lastCommitMillis;
    }

    /** {@return the name of the consumer} */
    public String name() {
        return name;
    }

    /** {@return which streams it reads} */
    public Keys keys() {
        return keys;
    }

    /** {@return by key, the committed position: every record before it has been processed. Without the streams that it has not committed} */
    public NavigableMap<String, Long> committed() {
        return committed;
    }

    /** {@return when it last committed, epoch ms; empty where it has committed nothing} */
    public OptionalLong lastCommitMillis() {
        return lastCommitMillis;
    }

    @Override
    public boolean equals(@Nullable Object object) {
        return object instanceof ConsumerInfo other
                && name.equals(other.name)
                && keys.equals(other.keys)
                && committed.equals(other.committed)
                && lastCommitMillis.equals(other.lastCommitMillis);
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, keys, committed, lastCommitMillis);
    }

    @Override
    public String toString() {
        return "ConsumerInfo[name=" + name + ", keys=" + keys + ", committed=" + committed + ", lastCommitMillis=" + lastCommitMillis + "]";
    }
}
