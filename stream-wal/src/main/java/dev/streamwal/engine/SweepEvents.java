package dev.streamwal.engine;

import org.jspecify.annotations.Nullable;

/** Where sweeps say what they did. Implementations never throw. */
public interface SweepEvents {

    /** A segment is gone. */
    void swept(SweptSegment segment);

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
