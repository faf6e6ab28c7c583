package dev.streamwal.sweep;

import dev.streamwal.measure.TaskEvents;
import dev.streamwal.packing.SweptSegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Receives what sweeps do. Implementations never throw. */
public interface SweepEvents extends TaskEvents {

    /** Segments were deleted. A pack may contain many; they are passed on as one event. */
    void swept(List<SweptSegment> segments);

    /**
     * What has expired by the clock is kept, since the clock isn't believed. Each pass tells it.
     *
     * @param clockMillis the time by the clock
     * @param knownMillis the known time, which the real one can't precede
     * @param segments that are kept
     * @param bytes of their files
     * @param isNews whether the pass before kept nothing for that
     */
    void sweepRefused(long clockMillis, long knownMillis, int segments, long bytes, boolean isNews);

    /**
     * A part of a sweep failed; the next sweep tries it again.
     *
     * @param stream the key of the stream concerned; null if there is none
     */
    void sweepFailed(@Nullable String stream, Throwable failure);
}
