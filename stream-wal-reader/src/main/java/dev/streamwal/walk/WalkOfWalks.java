package dev.streamwal.walk;

import dev.streamwal.segment.WalkedRecord;

/** A walk over what others walk along: the record that it stands on is the one that another one stands on. */
public abstract class WalkOfWalks implements RecordWalk {

    /** The walk whose record it stands on; throws where it stands on none. */
    protected abstract RecordWalk onRecord();

    @Override
    public String key() {
        return onRecord().key();
    }

    @Override
    public final WalkedRecord record() {
        return onRecord().record();
    }

    /** In the record's stream. */
    @Override
    public long nextPosition() {
        return onRecord().nextPosition();
    }
}
