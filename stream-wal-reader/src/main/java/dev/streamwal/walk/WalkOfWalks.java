package dev.streamwal.walk;

import dev.streamwal.segment.WalkedRecord;

/** A walk that combines other walks: the record that it stands on is that of one of them. */
public abstract class WalkOfWalks implements RecordWalk {

    /** The walk whose record this one stands on; throws if it stands on none. */
    protected abstract RecordWalk onRecord();

    @Override
    public String key() {
        return onRecord().key();
    }

    @Override
    public final WalkedRecord record() {
        return onRecord().record();
    }

    /** A position in the record's stream. */
    @Override
    public long nextPosition() {
        return onRecord().nextPosition();
    }
}
