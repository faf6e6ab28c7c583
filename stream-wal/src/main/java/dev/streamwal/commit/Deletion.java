package dev.streamwal.commit;

import dev.streamwal.format.StreamKey;

/** What is deleted, once the journal says so. */
public sealed interface Deletion {

    StreamKey key();

    /** The stream's segments that begin below a position. */
    record Below(StreamKey key, long position) implements Deletion {}

    /** What stands at the positions {@code [from, to)}. */
    record Cut(StreamKey key, long from, long to) implements Deletion {}
}
