package dev.streamwal.append;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.streamwal.storage.SegmentMapping;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** Publication: who sees the commit word sees the content that was put before it, at both ends of a record. */
@JCStressTest
@Outcome(id = "1, 2, 3", expect = ACCEPTABLE, desc = "published")
@Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "not yet: nobody looks further")
@Outcome(expect = FORBIDDEN, desc = "the commit word is there, and the content isn't, or not all of it")
@State
public class PublicationStress {

    private static final int FIRST = 8;
    private static final int LAST = 512;

    private final SegmentMapping mapping =
            new SegmentMapping(ByteBuffer.allocateDirect(520).order(ByteOrder.LITTLE_ENDIAN), () -> {});

    @Actor
    public void append() {
        mapping.buffer().putLong(FIRST, 2);
        mapping.buffer().put(LAST, (byte) 3);
        mapping.setRelease(0, 1);
    }

    @Actor
    public void read(III_Result r) {
        r.r1 = (int) mapping.getAcquire(0);
        if (r.r1 != 0) {
            r.r2 = (int) mapping.buffer().getLong(FIRST);
            r.r3 = mapping.buffer().get(LAST);
        }
    }
}
