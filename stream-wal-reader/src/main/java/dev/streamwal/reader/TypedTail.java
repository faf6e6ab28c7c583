package dev.streamwal.reader;

import dev.streamwal.codec.RecordCodec;
import java.time.Duration;
import java.util.Map;

/**
 * A cursor over values that waits for new ones, as an {@link EntryTail} does.
 *
 * @param <T> type of the values
 * @since 1.0
 */
public final class TypedTail<T> extends TypedCursor<T> {

    private final EntryTail entries;

    TypedTail(EntryTail entries, RecordCodec<T> codec) {
        super(entries, codec);
        this.entries = entries;
    }

    /**
     * Goes to the next record, and waits for it if need be, as {@link EntryTail#next(Duration)} does, and throws what that throws.
     *
     * @param timeout how long to wait at most; zero or less looks once, and doesn't wait
     * @return false if the time is over, or {@link #wakeup()} was called
     * @throws InterruptedException if the thread is interrupted while it waits, or was before
     */
    public boolean next(Duration timeout) throws InterruptedException {
        return entries.next(timeout);
    }

    /** As {@link EntryTail#wakeup()}: ends the current or the next wait. The only method that other threads may call. */
    public void wakeup() {
        entries.wakeup();
    }

    /**
     * Where a later tail goes on, as {@link EntryTail#positions()} says.
     *
     * @return a snapshot by key, the caller's own
     */
    public Map<String, Long> positions() {
        return entries.positions();
    }
}
