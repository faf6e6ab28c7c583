package dev.streamwal.append;

import dev.streamwal.format.SegmentHeader;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where work that nobody waits for says what it did. Implementations never throw. */
public interface LogEvents {

    /**
     * Something failed that nobody waits for.
     *
     * @param task what was being done, in a word or two
     * @param stream the key of the stream concerned; null where there is none
     */
    void failed(String task, @Nullable String stream, Throwable failure);

    /** A task begins that is tried again where it fails; for {@link #ended}. */
    long begins();

    /**
     * It has come to its end: what it failed at before it began is over.
     *
     * @param key of the stream concerned
     */
    void ended(String task, String key, long begun);

    /** A segment has its footer. */
    void sealed(Path file, SegmentHeader header, long endPosition, long bytes);
}
