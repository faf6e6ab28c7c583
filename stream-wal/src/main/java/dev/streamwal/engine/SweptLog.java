package dev.streamwal.engine;

import dev.streamwal.append.DeletionLog;
import dev.streamwal.append.StreamLog;
import java.util.List;

/** The log as a sweep sees it. */
public interface SweptLog {

    /** Throws if the log is closed, or another process has become its writer. */
    void checkWriter();

    /** The time by the log's clock. */
    long nowMillis();

    /** All streams that have a segment, and perhaps others. */
    List<StreamLog> streams();

    /** All streams in memory. */
    List<StreamLog> inMemory();

    /** Records deletions before they happen. */
    DeletionLog deletions();
}
