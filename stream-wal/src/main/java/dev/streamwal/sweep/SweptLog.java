package dev.streamwal.sweep;

import dev.streamwal.append.DeletionLog;
import dev.streamwal.append.StreamLog;
import java.util.Iterator;
import java.util.List;

/** The log as a sweep sees it. */
public interface SweptLog {

    /** Throws if the log is closed, or another process has become its writer. */
    void checkWriter();

    /** The time by the log's clock. */
    long nowMillis();

    /** All streams that have segments of their own, and perhaps others. */
    List<StreamLog> streams();

    /** All streams in memory, as they come and go while the result is used. */
    Iterator<StreamLog> inMemory();

    /** How many they are, about. */
    int countInMemory();

    /** Records deletions before they happen. */
    DeletionLog deletions();
}
