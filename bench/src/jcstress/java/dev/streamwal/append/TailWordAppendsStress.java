package dev.streamwal.append;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** Two mapped appends of 40 and 48 bytes: each gets a place of its own, one behind the other, and knows the size of the one before it. */
@JCStressTest
@Outcome(id = "0, 40, 88", expect = ACCEPTABLE, desc = "the second append saw the first one's size, 40")
@Outcome(id = "48, 0, 88", expect = ACCEPTABLE, desc = "the first append saw the second one's size, 48")
@Outcome(expect = FORBIDDEN, desc = "both took the same place, or one doesn't know what stands before it, or the tail went back")
@State
public class TailWordAppendsStress {

    private final SegmentTail tail = SegmentTail.behind(0, 0);

    /** Returns the size of the record before. */
    private int append(int bytes) {
        while (true) {
            long word = tail.getAcquire();
            if (tail.compareAndSet(word, SegmentTail.next(SegmentTail.tail(word) + bytes, bytes))) {
                return SegmentTail.lastSize(word);
            }
        }
    }

    @Actor
    public void first(III_Result r) {
        r.r1 = append(40);
    }

    @Actor
    public void second(III_Result r) {
        r.r2 = append(48);
    }

    @Arbiter
    public void end(III_Result r) {
        r.r3 = SegmentTail.tail(tail.getAcquire());
    }
}
