package dev.streamwal.append;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.measure.TaskEvents;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Receives events of background work. Implementations never throw. */
public interface LogEvents extends TaskEvents {

    /**
     * An attempt for one stream has ended: the task's failures from before it began are over.
     *
     * @param key of the stream concerned; null for failures that concerned none
     */
    void ended(String task, @Nullable String key, long begun);

    /** The file system gave an append no room for its record. Its caller gets the exception; until {@link #appendHasRoom} the log isn't healthy. */
    default void appendHasNoRoom(Throwable failure) {}

    /** An append got a new segment, or a segment grew. Called seldom, and by no append that finds room. */
    default void appendHasRoom() {}

    /** A segment of the stream that had no footer was deleted, and no other one waits for its footer. */
    default void nothingToSeal(String key) {}

    /** A segment has its footer. */
    void sealed(Path file, SegmentHeader header, long endPosition, long bytes);
}
