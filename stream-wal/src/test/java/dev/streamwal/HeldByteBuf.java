package dev.streamwal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledHeapByteBuf;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Bytes whose copying waits until they are let go: an append of them to a mapped stream has its slot and can't publish it. */
final class HeldByteBuf extends UnpooledHeapByteBuf {

    private static final long PATIENCE_SECONDS = 300;

    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch letGo = new CountDownLatch(1);

    HeldByteBuf(byte[] bytes) {
        super(UnpooledByteBufAllocator.DEFAULT, bytes, bytes.length);
    }

    /** Else they would be copied at once. */
    @Override
    public boolean hasArray() {
        return false;
    }

    @Override
    public ByteBuf getBytes(int index, byte[] target, int targetIndex, int length) {
        reached.countDown();
        await(letGo);
        return super.getBytes(index, target, targetIndex, length);
    }

    /** Returns when an append has begun to copy. */
    void awaitReached() {
        await(reached);
    }

    void letGo() {
        letGo.countDown();
    }

    private static void await(CountDownLatch latch) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                        throw new IllegalStateException("nobody came");
                    }
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
