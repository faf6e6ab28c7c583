package dev.streamwal.append;

import java.util.concurrent.locks.ReentrantLock;

/**
 * A bounded set of what is dear (descriptors, mappings) that makes room by the clock algorithm: the hand passes over whoever was used since
 * it came by last, and sends the first away who wasn't and can go at once. Thread-safe. Its lock comes after the segments' locks: a
 * tenant is asked to go with {@code tryLock} only.
 */
final class ClockPool {

    /** How often the hand may go round before everybody is taken to be busy. */
    private static final int MAX_ROUNDS = 3;

    /** Somebody with a seat. */
    abstract static class Tenant {
        /** Guarded by the pool's lock. */
        private int seat = -1;

        /** Whether it was used since this was asked last. */
        abstract boolean wasUsed();

        /** Gives up what the seat stands for, unless it would have to wait. */
        abstract boolean tryGo();
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final int limit;
    private Tenant[] seats = new Tenant[64];
    private int taken;
    private int hand;

    ClockPool(int limit) {
        this.limit = limit;
    }

    /** Gives the tenant a seat, unless it has one; false where all are taken and nobody can go. */
    boolean admit(Tenant tenant) {
        lock.lock();
        try {
            if (tenant.seat >= 0) {
                return true;
            }
            if (taken < limit) {
                if (taken == seats.length) {
                    seats = java.util.Arrays.copyOf(seats, Math.min(limit, 2 * taken));
                }
                sit(tenant, taken++);
                return true;
            }
            return replaceSomebody(tenant);
        } finally {
            lock.unlock();
        }
    }

    private boolean replaceSomebody(Tenant tenant) {
        for (int looks = MAX_ROUNDS * taken; looks > 0; looks--) {
            hand = hand + 1 < taken ? hand + 1 : 0;
            Tenant victim = seats[hand];
            if (!victim.wasUsed() && victim.tryGo()) {
                victim.seat = -1;
                sit(tenant, hand);
                return true;
            }
        }
        return false;
    }

    private void sit(Tenant tenant, int seat) {
        seats[seat] = tenant;
        tenant.seat = seat;
    }

    /** The tenant has given up what its seat stands for. */
    void leave(Tenant tenant) {
        lock.lock();
        try {
            int seat = tenant.seat;
            if (seat >= 0) {
                tenant.seat = -1;
                taken--;
                if (seat != taken) {
                    sit(seats[taken], seat);
                }
                seats[taken] = NOBODY;
            }
        } finally {
            lock.unlock();
        }
    }

    int limit() {
        return limit;
    }

    int taken() {
        lock.lock();
        try {
            return taken;
        } finally {
            lock.unlock();
        }
    }

    private static final Tenant NOBODY = new Tenant() {
        @Override
        boolean wasUsed() {
            return false;
        }

        @Override
        boolean tryGo() {
            return false;
        }
    };
}
