package dev.streamwal.append;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * The rule that the mapping is read after the reservation, without a fence: one append against a park and a resume, with numbers for
 * mappings. Whoever parks waits for the append's publication if it finds its reservation in the word, and only then unmaps.
 */
@JCStressTest
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "reserved before the park, which waited: the first mapping, still mapped")
@Outcome(id = "2, 1", expect = ACCEPTABLE, desc = "reserved after the resume: the second mapping")
@Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "found the segment parked: goes to the lock")
@Outcome(id = "1, 0", expect = FORBIDDEN, desc = "wrote to the first mapping when it was unmapped: the process crashes")
@Outcome(id = "2, 0", expect = FORBIDDEN, desc = "saw the second mapping before it was made")
@Outcome(expect = FORBIDDEN, desc = "a mapping that there never was")
@State
public class MappingUnderParkStress {

    private final SegmentTail tail = SegmentTail.parked(0, 0);
    private int mapping = 1;
    private int firstIsMapped = 1;
    private int secondIsMapped;
    private volatile boolean published;

    public MappingUnderParkStress() {
        tail.resume();
    }

    @Actor
    public void append(II_Result r) {
        long word = tail.getAcquire();
        if (!SegmentTail.isParked(word) && tail.compareAndSet(word, SegmentTail.next(40, 40))) {
            int used = mapping;
            r.r1 = used;
            r.r2 = used == 1 ? firstIsMapped : secondIsMapped;
            published = true;
        }
    }

    @Actor
    public void parkAndResume() {
        int end = SegmentTail.tail(tail.park());
        while (end > 0 && !published) {
            Thread.onSpinWait();
        }
        firstIsMapped = 0;
        secondIsMapped = 1;
        mapping = 2;
        tail.resume();
    }
}
