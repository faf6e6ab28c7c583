package dev.streamwal.commit;

import org.jspecify.annotations.Nullable;

/** Who is told of what nobody waits for. Never throws. */
public interface CommitEvents {

    /**
     * Something failed.
     *
     * @param task what was being done, in a word or two
     * @param stream the key of the stream concerned; null where there is none
     */
    void failed(String task, @Nullable String stream, Throwable failure);

    /** Something of the whole log has succeeded: what it failed at before is over. */
    default void succeeded(String task) {}
}
