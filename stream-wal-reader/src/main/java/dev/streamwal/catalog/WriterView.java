package dev.streamwal.catalog;

import dev.streamwal.manifest.Manifest;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The writer's knowledge that isn't in the log's files yet, for readers in the same process. Thread-safe. */
public interface WriterView {

    /** The stream position where the reserved space ends; empty where the writer has no such stream. */
    OptionalLong reservedEnd(String key);

    /** Whether the slot at this position was abandoned, and will never be published. */
    boolean abandoned(String key, long position);

    /** Whether the slot at this position is reserved, and its segment can still change, as it takes appends or has no footer yet. */
    boolean unfinished(String key, long position);

    /** The manifest, which the writer has changed in its file before; null where it isn't the log's writer any more, or doesn't say. */
    default @Nullable Manifest manifest() {
        return null;
    }
}
