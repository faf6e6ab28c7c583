package dev.streamwal.append;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** A mapped append against a seal: what is read behind the seal is the segment's final length. */
@JCStressTest
@Outcome(id = "1, 40, 40", expect = ACCEPTABLE, desc = "appended, then sealed behind it")
@Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "sealed first; the append goes to the next segment")
@Outcome(id = "1, 0, 40", expect = FORBIDDEN, desc = "appended behind the end that the successor's position was computed from: positions given twice")
@Outcome(expect = FORBIDDEN, desc = "the append failed and took its place all the same, or the seal was lost")
@State
public class TailWordSealStress {

    private final SegmentTail tail = SegmentTail.behind(0, 0);

    @Actor
    public void append(III_Result r) {
        long word = tail.getAcquire();
        r.r1 = !SegmentTail.isSealed(word) && tail.compareAndSet(word, SegmentTail.next(40, 40)) ? 1 : 0;
    }

    @Actor
    public void seal(III_Result r) {
        tail.seal();
        r.r2 = SegmentTail.tail(tail.getAcquire());
    }

    @Arbiter
    public void end(III_Result r) {
        long word = tail.getAcquire();
        r.r3 = SegmentTail.isSealed(word) ? SegmentTail.tail(word) : -1;
    }
}
