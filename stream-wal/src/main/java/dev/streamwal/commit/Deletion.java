package dev.streamwal.commit;

import dev.streamwal.format.StreamKey;
import java.nio.file.Path;

/**
 * What is deleted, once the journal says so.
 *
 * @param directory of the stream
 */
public sealed interface Deletion {

    StreamKey key();

    Path directory();

    /** The stream's segments that begin below a position. */
    record Below(StreamKey key, Path directory, long position) implements Deletion {}

    /** What stands at the positions {@code [from, to)}. */
    record Cut(StreamKey key, Path directory, long from, long to) implements Deletion {}
}
