package dev.streamwal.consumer;

import java.io.IOException;
import java.util.OptionalLong;
import java.util.Set;

/** What a cursor has to know of the streams that its consumer reads. */
public interface ConsumedStreams {

    /** Where the log begins now: streams that aren't there come at or above it, and those that have gone were below. */
    long start() throws IOException;

    /** Of the streams that are there. */
    Set<String> keys() throws IOException;

    /**
     * Where the commits of a stream begin of which nothing is committed.
     *
     * @param start where the stream can have begun at the earliest
     * @return {@code start}, where something that was behind it is known to have been deleted; otherwise where the stream's first segment
     *     begins; empty where the stream isn't there
     */
    OptionalLong begin(String key, long start) throws IOException;
}
