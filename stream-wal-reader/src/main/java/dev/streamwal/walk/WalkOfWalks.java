package dev.streamwal.walk;

import io.netty.buffer.ByteBuf;

/** A walk over what others walk along: the record that it stands on is the one that another one stands on. */
public abstract class WalkOfWalks implements RecordWalk {

    /** The walk whose record it stands on; throws where it stands on none. */
    protected abstract RecordWalk onRecord();

    @Override
    public String key() {
        return onRecord().key();
    }

    @Override
    public final long position() {
        return onRecord().position();
    }

    @Override
    public final int size() {
        return onRecord().size();
    }

    @Override
    public final long timestampMillis() {
        return onRecord().timestampMillis();
    }

    @Override
    public final int headerLength() {
        return onRecord().headerLength();
    }

    @Override
    public final int contentLength() {
        return onRecord().contentLength();
    }

    @Override
    public final void copyHeader(ByteBuf target) {
        onRecord().copyHeader(target);
    }

    @Override
    public final void copyContent(ByteBuf target) {
        onRecord().copyContent(target);
    }

    @Override
    public final byte[] copyBody() {
        return onRecord().copyBody();
    }

    /** In the record's stream. */
    @Override
    public long nextPosition() {
        return onRecord().nextPosition();
    }
}
