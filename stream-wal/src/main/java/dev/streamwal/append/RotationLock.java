package dev.streamwal.append;

import java.util.concurrent.locks.AbstractQueuedSynchronizer;
import java.util.concurrent.locks.Condition;

/**
 * A stream's lock for everything about its chain of segments. As {@link java.util.concurrent.locks.ReentrantLock}, which takes two objects where this
 * takes one: there are as many as streams.
 */
@SuppressWarnings("serial") // never serialized
final class RotationLock extends AbstractQueuedSynchronizer {

    void lock() {
        acquire(1);
    }

    void unlock() {
        boolean unused = release(1);
    }

    Condition newCondition() {
        return new ConditionObject();
    }

    @Override
    protected boolean tryAcquire(int holds) {
        Thread caller = Thread.currentThread();
        int held = getState();
        if (held == 0 && compareAndSetState(0, holds)) {
            setExclusiveOwnerThread(caller);
            return true;
        }
        if (held == 0 || !caller.equals(getExclusiveOwnerThread())) {
            return false;
        }
        setState(Math.addExact(held, holds));
        return true;
    }

    @Override
    protected boolean tryRelease(int holds) {
        if (!isHeldExclusively()) {
            throw new IllegalMonitorStateException("thread doesn't hold the lock: thread=" + Thread.currentThread().getName());
        }
        int left = getState() - holds;
        if (left == 0) {
            setExclusiveOwnerThread(null);
        }
        setState(left);
        return left == 0;
    }

    @Override
    protected boolean isHeldExclusively() {
        return Thread.currentThread().equals(getExclusiveOwnerThread());
    }
}
