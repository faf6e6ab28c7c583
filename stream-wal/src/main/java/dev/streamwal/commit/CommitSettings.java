package dev.streamwal.commit;

import dev.streamwal.storage.SegmentStorage;
import dev.streamwal.storage.WriterFence;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * Settings of a log's committer.
 *
 * @param root of the log
 * @param streams the directory of the streams' directories
 * @param fence keeps the committer from acknowledging, and from touching the journal's files, once another process has opened the log
 * @param ids for a new journal
 * @param threads whether it has threads of its own; without them {@link GroupCommitter#runBackground()} does their work
 * @param flushIntervalNanos between periodic flushes
 */
public record CommitSettings(
        Path root, Path streams, SegmentStorage storage, WriterFence fence, JournalSizes sizes, LongSupplier ids, CommitEvents events, boolean threads,
        long flushIntervalNanos) {}
