package dev.streamwal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledHeapByteBuf;

/** Bytes that run code of the program whenever they are copied. */
final class CallingByteBuf extends UnpooledHeapByteBuf {

    private final Runnable beforeCopy;

    CallingByteBuf(byte[] bytes, Runnable beforeCopy) {
        super(UnpooledByteBufAllocator.DEFAULT, bytes, bytes.length);
        this.beforeCopy = beforeCopy;
    }

    /** Else they would be copied at once. */
    @Override
    public boolean hasArray() {
        return false;
    }

    @Override
    public ByteBuf getBytes(int index, byte[] target, int targetIndex, int length) {
        beforeCopy.run();
        return super.getBytes(index, target, targetIndex, length);
    }
}
