package dev.streamwal.reader;

import dev.streamwal.consumer.Delivered;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.walk.RecordWalk;
import dev.streamwal.walk.TailWalk;
import dev.streamwal.walk.WalkOfWalks;
import java.util.Map;

/**
 * The walk of a consumer's tail. Remembers the last delivery, and records each range that is lost, or possibly lost, before it throws the exception for
 * it.
 */
final class ConsumedWalk extends WalkOfWalks implements TailWalk {

    private final TailWalk walk;
    private final LostRanges lost;
    private final LostRanges possiblyLost;
    private final Delivered delivered;
    private volatile boolean closed;

    ConsumedWalk(TailWalk walk, LostRanges lost, LostRanges possiblyLost, Delivered delivered) {
        this.walk = walk;
        this.lost = lost;
        this.possiblyLost = possiblyLost;
        this.delivered = delivered;
    }

    @Override
    public boolean next() {
        try {
            boolean found = walk.next();
            if (found) {
                delivered.is(walk.key(), walk.nextPosition());
            }
            return found;
        } catch (EntryExpiredException e) {
            String key = e.key();
            if (key != null) {
                (e.isCertain() ? lost : possiblyLost).add(key, e.from(), e.to());
            }
            throw e;
        } catch (Error e) {
            // such as too little heap: the walk may have passed a record that wasn't delivered, and the next commit would cover it
            close();
            throw e;
        }
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        closed = true;
        walk.close();
    }

    @Override
    public boolean mayHaveMore() {
        return walk.mayHaveMore();
    }

    @Override
    public void settle() {
        walk.settle();
    }

    @Override
    public Map<String, Long> positions() {
        return walk.positions();
    }

    @Override
    public void checkUsable() {
        walk.checkUsable();
    }

    @Override
    protected RecordWalk onRecord() {
        return walk;
    }
}
