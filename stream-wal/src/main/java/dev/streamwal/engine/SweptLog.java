package dev.streamwal.engine;

import dev.streamwal.append.DeletionLog;
import dev.streamwal.append.StreamLog;
import java.util.List;

/** What a sweep asks of the log. */
public interface SweptLog {

    /** Throws where the log is closed, or another has become its writer. */
    void checkWriter();

    /** By the log's clock. */
    long nowMillis();

    /** All streams that have a segment, and perhaps others. */
    List<StreamLog> streams();

    /** Where deletions are written down first. */
    DeletionLog deletions();
}
