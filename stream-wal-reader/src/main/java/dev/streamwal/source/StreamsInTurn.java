package dev.streamwal.source;

import dev.streamwal.reader.WalClosedException;
import dev.streamwal.reader.WalException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Queue;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Several streams one after the other: what a merge by timestamp and key comes to where all timestamps are the same. One thread; close it. */
public final class StreamsInTurn extends WalkOfWalks {

    private final Supplier<? extends Collection<String>> keys;
    private final Function<String, RecordWalk> opening;
    private final Runnable checkOpen;

    private final Queue<String> waiting = new ArrayDeque<>();
    private @Nullable RecordWalk current;
    private boolean begun;
    private boolean closed;

    /**
     * None of the streams is opened yet.
     *
     * @param keys in their order; asked for once
     * @param checkOpen throws where what is read has been closed
     */
    public StreamsInTurn(Supplier<? extends Collection<String>> keys, Function<String, RecordWalk> opening, Runnable checkOpen) {
        this.keys = keys;
        this.opening = opening;
        this.checkOpen = checkOpen;
    }

    @Override
    public boolean next() {
        checkUsable();
        if (!begun) {
            begun = true;
            waiting.addAll(keys.get());
        }
        while (true) {
            RecordWalk walk = current;
            if (walk != null && walk.next()) {
                return true;
            }
            if (waiting.isEmpty()) {
                return false;
            }
            leave();
            current = opening.apply(waiting.remove());
        }
    }

    private void leave() {
        RecordWalk walk = current;
        if (walk != null) {
            walk.close();
            current = null;
        }
    }

    @Override
    public void checkUsable() {
        if (closed) {
            throw new WalClosedException("a cursor is not used after it was closed", null, null, WalException.NO_POSITION, null);
        }
        checkOpen.run();
    }

    @Override
    RecordWalk onRecord() {
        RecordWalk walk = current;
        if (walk == null) {
            checkUsable();
            throw new IllegalStateException("a scan has a record only after next() said so");
        }
        return walk;
    }

    @Override
    public void close() {
        closed = true;
        leave();
    }
}
