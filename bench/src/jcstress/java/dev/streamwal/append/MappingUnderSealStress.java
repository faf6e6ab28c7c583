package dev.streamwal.append;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * The rule that nothing is unmapped between a reservation and its publication: one append against a seal, with a number for the mapping. Whoever
 * seals waits for the append's publication if it finds its reservation in the word, and only then unmaps.
 */
@JCStressTest
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "reserved before the seal, which waited: still mapped")
@Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "found the segment sealed: goes to the next one")
@Outcome(id = "1, 0", expect = FORBIDDEN, desc = "wrote to the mapping when it was unmapped: the process crashes")
@State
public class MappingUnderSealStress {

    private final SegmentTail tail = SegmentTail.behind(0, 0);
    private int isMapped = 1;
    private volatile boolean published;

    @Actor
    public void append(II_Result r) {
        long word = tail.getAcquire();
        if (!SegmentTail.isSealed(word) && tail.compareAndSet(word, SegmentTail.next(40, 40))) {
            r.r1 = 1;
            r.r2 = isMapped;
            published = true;
        }
    }

    @Actor
    public void seal() {
        tail.seal();
        int end = SegmentTail.tail(tail.getAcquire());
        while (end > 0 && !published) {
            Thread.onSpinWait();
        }
        isMapped = 0;
    }
}
