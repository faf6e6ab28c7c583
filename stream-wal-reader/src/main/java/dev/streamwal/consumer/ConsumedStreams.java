package dev.streamwal.consumer;

import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import java.util.Set;

/** The streams that a consumer reads, as its cursor needs to know them. */
public interface ConsumedStreams {

    /** Where the log begins now: new streams begin at or above this position, and deleted streams ended below it. */
    long start() throws IOException;

    /** The keys of the streams that exist. */
    Set<String> keys() throws IOException;

    /** Those of the keys whose streams certainly don't exist. A stream whose records can't be read isn't among {@link #keys()}, and hasn't gone. */
    Set<String> gone(Collection<String> keys) throws IOException;

    /**
     * The positions to begin with in streams that have no commit.
     *
     * @param start where the streams can have begun at the earliest
     * @return by key: {@code start}, if records after it are known to have been deleted; otherwise the beginning of the stream's first segment. Streams that
     *     don't exist are left out
     */
    Map<String, Long> begin(Collection<String> keys, long start) throws IOException;
}
