package dev.streamwal.append;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** An append to a mapped segment, whole, against somebody who wants its seat. The append is there whichever way it went. */
@JCStressTest
@Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "appended to the mapping or by position; parked now")
@Outcome(id = "0, 1, 1", expect = ACCEPTABLE, desc = "the append held the lock when the seat was wanted: still mapped")
@Outcome(expect = FORBIDDEN, desc = "at another position, or lost, or counted twice, or a mapping too many")
@State
public class ParkStress extends StressState {

    private static final int BYTES = 48;
    private static final int APPENDS = 20;

    private final long end;

    public ParkStress() {
        long last = 0;
        for (int i = 0; i < APPENDS; i++) {
            last = append(BYTES);
        }
        end = last + BYTES;
        if (storage.mapped.get() != 1) {
            throw new AssertionError("the appends have earned a mapping");
        }
    }

    @Actor
    public void appendOne(III_Result r) {
        r.r1 = (int) (append(BYTES) - end);
    }

    @Actor
    public void wantSeat() {
        park();
    }

    @Arbiter
    public void look(III_Result r) {
        r.r2 = (int) (stream.appends() - APPENDS);
        r.r3 = storage.mapped.get();
    }
}
