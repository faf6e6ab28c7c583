package dev.streamwal.append;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** Two appends find the segment full: one of them creates the successor, and both go to it. Distances are from the full segment's end. */
@JCStressTest
@Outcome(id = "0, 4000, 2", expect = ACCEPTABLE, desc = "one successor; the first append was first in it")
@Outcome(id = "4000, 0, 2", expect = ACCEPTABLE, desc = "one successor; the second append was first in it")
@Outcome(expect = FORBIDDEN, desc = "two successors, or none, or both appends at the same position, or one of them in the sealed segment")
@State
public class RotationStress extends StressState {

    /** One fits with either of the two; three don't fit. */
    private static final int BYTES = 4_000;

    private final long end;

    @SuppressWarnings("this-escape") // nobody extends it
    public RotationStress() {
        append(BYTES);
        end = append(BYTES) + BYTES;
    }

    @Actor
    public void first(III_Result r) {
        r.r1 = (int) (append(BYTES) - end);
    }

    @Actor
    public void second(III_Result r) {
        r.r2 = (int) (append(BYTES) - end);
    }

    @Arbiter
    public void end(III_Result r) {
        r.r3 = storage.named.get();
    }
}
