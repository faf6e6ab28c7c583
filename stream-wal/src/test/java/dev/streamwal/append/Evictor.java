package dev.streamwal.append;

import java.util.ArrayList;
import java.util.List;

/** Takes seats in a pool and leaves them again, so that whoever had them must go: parks segments, or closes their files. */
final class Evictor {

    private final ClockPool pool;
    private final List<Seat> taken = new ArrayList<>();
    private long evictions;

    Evictor(ClockPool pool) {
        this.pool = pool;
    }

    private static final class Seat extends ClockPool.Tenant {
        @Override
        boolean wasUsed() {
            return true;
        }

        @Override
        boolean tryGo() {
            return false;
        }
    }

    /** Takes up to this many seats. */
    void take(int seats) {
        for (int i = 0; i < seats; i++) {
            int before = pool.taken();
            Seat seat = new Seat();
            if (!pool.admit(seat)) {
                return;
            }
            taken.add(seat);
            if (before == pool.limit()) {
                evictions++;
            }
        }
    }

    boolean hasAll(int seats) {
        return taken.size() == seats;
    }

    void leave() {
        taken.forEach(pool::leave);
        taken.clear();
    }

    long evictions() {
        return evictions;
    }
}
