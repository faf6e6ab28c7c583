package dev.streamwal.append;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.io.IOException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** An append to a mapped segment, whole, against somebody who seals and unmaps it. The append is there whichever way it went. */
@JCStressTest
@Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "appended, then sealed behind it, and unmapped")
@Outcome(id = "0, 1, 1", expect = ACCEPTABLE, desc = "sealed first; appended to the next segment, which is mapped")
@Outcome(expect = FORBIDDEN, desc = "at another position, or lost, or counted twice, or a mapping too many")
@State
public class SealStress extends StressState {

    private static final int BYTES = 48;

    private final long end;

    @SuppressWarnings("this-escape") // nobody extends it
    public SealStress() {
        end = append(BYTES) + BYTES;
        if (storage.mapped.get() != 1) {
            throw new AssertionError("a segment is mapped when it is created");
        }
    }

    @Actor
    public void appendOne(III_Result r) {
        r.r1 = (int) (append(BYTES) - end);
    }

    @Actor
    public void seal() {
        try {
            stream.sealIfIdle(Long.MAX_VALUE);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        context.runBackground();
    }

    @Arbiter
    public void look(III_Result r) {
        r.r2 = (int) (context.totals().sums().appended().records() - 1);
        r.r3 = storage.mapped.get();
    }
}
