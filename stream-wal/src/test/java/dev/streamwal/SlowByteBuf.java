package dev.streamwal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledHeapByteBuf;
import java.util.concurrent.locks.LockSupport;

/** Bytes that take their time while they are copied: an append of them is held up between reserving its slot and publishing it. */
final class SlowByteBuf extends UnpooledHeapByteBuf {

    private final long pauseNanos;

    SlowByteBuf(byte[] bytes, long pauseNanos) {
        super(UnpooledByteBufAllocator.DEFAULT, bytes, bytes.length);
        this.pauseNanos = pauseNanos;
    }

    /** Else they would be copied at once. */
    @Override
    public boolean hasArray() {
        return false;
    }

    @Override
    public ByteBuf getBytes(int index, byte[] target, int targetIndex, int length) {
        LockSupport.parkNanos(pauseNanos);
        return super.getBytes(index, target, targetIndex, length);
    }
}
