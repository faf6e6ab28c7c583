package dev.streamwal.walk;

import java.util.Map;

/**
 * A walk that can be waited on. After {@link #next()} returned false, {@link #mayHaveMore()} tells cheaply whether calling it again may bring a
 * record. One thread.
 */
public interface TailWalk extends RecordWalk {

    /**
     * Whether a record may have come since {@link #next()} returned false. True may be wrong. False may be wrong for places that take long to look at; a later
     * call looks at these, after a pause.
     */
    boolean mayHaveMore();

    /** Called when no record has come for a while: gives back the memory that can be allocated again later. */
    void settle();

    /** By key, the position where a later walk goes on. A stream may be left out if a later walk that gets no position for it begins at its first record. */
    Map<String, Long> positions();
}
