package dev.streamwal.jcstress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Proves that the stress tests' processor runs. */
@JCStressTest
@Outcome(id = {"1, 2", "2, 1"}, expect = ACCEPTABLE, desc = "one after the other")
@State
public class PlaceholderStress {
    private final AtomicInteger n = new AtomicInteger();

    @Actor
    public void first(II_Result r) {
        r.r1 = n.incrementAndGet();
    }

    @Actor
    public void second(II_Result r) {
        r.r2 = n.incrementAndGet();
    }
}
