package dev.streamwal.append;

import dev.streamwal.format.StreamKey;
import java.io.IOException;
import java.util.Optional;

/** Where streams end in packs: asked where a stream has no file. Thread-safe. */
@FunctionalInterface
public interface PackedEnds {

    /**
     * The end of the newest segment that a stream has in a pack.
     *
     * @param position behind its last record
     * @param windowStartMillis of its window
     */
    record PackedEnd(long position, long windowStartMillis) {}

    /** Empty where the stream has none. */
    Optional<PackedEnd> of(StreamKey key) throws IOException;
}
