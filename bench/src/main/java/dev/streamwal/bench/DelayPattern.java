package dev.streamwal.bench;

import java.util.SplittableRandom;

/** The rhythm of records. Gaps vary by half either way, so that nothing that rests for a fixed time is in step with them. */
public enum DelayPattern {

    WARM_UP(5_000, 1),
    DENSE(1_000, 1),
    /** Between these records the follower rests as deeply as it ever does. */
    SPARSE(10, 3),
    /** One record, at which the follower ends. */
    LAST(1_000, 0);

    private static final double QUICK_SHARE = 0.1;
    private static final double NANOS_PER_SECOND = 1e9;

    private final int perSecond;
    private final int seconds;

    DelayPattern(int perSecond, int seconds) {
        this.perSecond = perSecond;
        this.seconds = seconds;
    }

    public int perSecond() {
        return perSecond;
    }

    public int seconds() {
        return seconds;
    }

    public int records(boolean quick) {
        return Math.max(1, (int) (perSecond * seconds * (quick ? QUICK_SHARE : 1)));
    }

    public long gapNanos(SplittableRandom random) {
        return (long) (NANOS_PER_SECOND / perSecond * random.nextDouble(0.5, 1.5));
    }
}
