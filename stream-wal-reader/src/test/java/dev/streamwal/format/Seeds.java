package dev.streamwal.format;

import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;

/** The seed of a run's property tests: another one each run, printed once, and {@code -Dseed=…} to run it again. */
final class Seeds {

    private static final long SEED = Long.getLong("seed", ThreadLocalRandom.current().nextLong());

    static {
        System.out.println("format tests: -Dseed=" + SEED);
    }

    private Seeds() {}

    /** The same numbers for every test of a run, whichever other tests run. */
    static Random random() {
        return new Random(SEED);
    }
}
