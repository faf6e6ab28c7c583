package dev.streamwal.engine;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where sweeps say what they did. Implementations never throw. */
public interface SweepEvents {

    /** A pass begins; for {@link #ended}. */
    long begins();

    /** A task has come to its end: what it failed at before it began is over. */
    void ended(String task, long begun);

    /** Segments are gone; of a pack there may be many, and they are one event for who passes them on. */
    void swept(List<SweptSegment> segments);

    /**
     * What has expired by the clock is kept, since the clock isn't believed.
     *
     * @param clockMillis what the clock says
     * @param knownMillis what time it is at least
     * @param segments that are kept
     * @param bytes of their files
     */
    void sweepRefused(long clockMillis, long knownMillis, int segments, long bytes);

    /**
     * Something of a sweep failed, and is tried again by the next one.
     *
     * @param stream the key of the stream concerned; null where there is none
     */
    void sweepFailed(@Nullable String stream, Throwable failure);
}
