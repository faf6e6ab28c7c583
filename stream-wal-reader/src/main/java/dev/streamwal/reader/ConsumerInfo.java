package dev.streamwal.reader;

import java.util.NavigableMap;
import java.util.OptionalLong;

/**
 * A consumer's name, its streams and its commits. Immutable.
 *
 * @since 1.0
 */
public final class ConsumerInfo extends Snapshot<ConsumerInfo.Fields> {

    record Fields(String name, Keys keys, NavigableMap<String, Long> committed, OptionalLong lastCommitMillis) {}

    ConsumerInfo(String name, Keys keys, NavigableMap<String, Long> committed, OptionalLong lastCommitMillis) {
        super(new Fields(name, keys, committed, lastCommitMillis));
    }

    /** {@return the name of the consumer} */
    public String name() {
        return fields().name();
    }

    /** {@return which streams it reads} */
    public Keys keys() {
        return fields().keys();
    }

    /** {@return the committed positions by key: every record before such a position has been processed. Streams without a commit are left out} */
    public NavigableMap<String, Long> committed() {
        return fields().committed();
    }

    /** {@return when it last committed, epoch ms; empty without a commit. Creating the consumer counts as a commit of each stream that existed} */
    public OptionalLong lastCommitMillis() {
        return fields().lastCommitMillis();
    }
}
