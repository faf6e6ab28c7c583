package dev.streamwal.catalog;

import dev.streamwal.manifest.Manifest;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The writer's knowledge that isn't in the log's files yet, for readers in the same process. Thread-safe. */
public interface WriterView {

    /** The stream position where the reserved space ends; empty if the writer has no such stream. */
    OptionalLong reservedEnd(String key);

    /** Whether the slot at this position was abandoned, and will never be published. */
    boolean abandoned(String key, long position);

    /** Whether the slot at this position is reserved, and its segment can still change, because it takes appends or has no footer yet. */
    boolean unfinished(String key, long position);

    /** The manifest, which the writer changes in its file first; null if it isn't the log's writer any more, or doesn't tell. */
    default @Nullable Manifest manifest() {
        return null;
    }
}
