package dev.streamwal.walk;

import dev.streamwal.segment.WalkedRecord;

/** A walk that ends behind a record, whatever is appended behind it. One thread; close it. */
public final class WalkUpTo implements RecordWalk {

    private final RecordWalk walk;
    private final long lastPosition;
    private long endPosition;
    private boolean ended;

    /**
     * A walk through one stream, forwards.
     *
     * @param walk taken over
     * @param lastPosition of the record; -1 for a walk that has none
     */
    public WalkUpTo(RecordWalk walk, long lastPosition) {
        this.walk = walk;
        this.lastPosition = lastPosition;
    }

    @Override
    public boolean next() {
        if (ended) {
            checkUsable();
            return false;
        }
        // at the last record too, because damage behind it is reported
        long before = walk.nextPosition();
        if (!walk.next()) {
            return false;
        }
        if (walk.record().position() > lastPosition) {
            ended = true;
            endPosition = before;
        }
        return !ended;
    }

    @Override
    public void checkUsable() {
        walk.checkUsable();
    }

    @Override
    public String key() {
        return walk.key();
    }

    @Override
    public WalkedRecord record() {
        if (ended) {
            checkUsable();
            throw new IllegalStateException("cursor is on no record: stream=" + key() + "; call next() first, until it returns true");
        }
        return walk.record();
    }

    @Override
    public long nextPosition() {
        return ended ? endPosition : walk.nextPosition();
    }

    @Override
    public void close() {
        walk.close();
    }
}
