package dev.streamwal.commit;

import dev.streamwal.storage.SegmentStorage;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * What a log's committer works with.
 *
 * @param root of the log
 * @param streams the directory of the streams' directories
 * @param ids for a new journal
 * @param threads whether it has threads of its own; without, {@link GroupCommitter#runBackground()} does their work
 * @param flushIntervalNanos between flushes that nobody waits for
 */
public record CommitSettings(
        Path root, Path streams, SegmentStorage storage, JournalSizes sizes, LongSupplier ids, CommitEvents events, boolean threads,
        long flushIntervalNanos) {}
