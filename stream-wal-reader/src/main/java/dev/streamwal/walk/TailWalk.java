package dev.streamwal.walk;

import java.util.Map;

/**
 * A walk that can be waited on. After {@link #next()} said that there is nothing, for now, {@link #mayHaveMore()} says cheaply whether it is
 * worth asking again. One thread.
 */
public interface TailWalk extends RecordWalk {

    /** Whether something may have come since {@link #next()} said that there is nothing. A true may be wrong. A false may
     * leave out what takes long to look for, which a later call looks for, after a rest. */
    boolean mayHaveMore();

    /** Nothing has come for a while: gives back the memory that can be had again when something comes. */
    void settle();

    /** By key, where a later walk goes on. */
    Map<String, Long> positions();
}
