package dev.streamwal.bench.compare;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Which stream gets the next record: drawn beforehand, so that drawing isn't measured. */
final class StreamOrder {

    private static final int DRAWN = 1 << 19;
    private static final double ZIPF_EXPONENT = 1.0;

    private final int[] drawn;
    private int next;

    private StreamOrder(int[] drawn) {
        this.drawn = drawn;
    }

    static StreamOrder of(int streams, boolean zipf, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] drawn = new int[streams == 1 ? 1 : DRAWN];
        if (zipf) {
            double[] sums = zipfSums(streams);
            Arrays.setAll(drawn, i -> zipf(sums, random.nextDouble()));
        } else {
            Arrays.setAll(drawn, i -> random.nextInt(streams));
        }
        return new StreamOrder(drawn);
    }

    private static double[] zipfSums(int streams) {
        double[] sums = new double[streams];
        double sum = 0;
        for (int i = 0; i < streams; i++) {
            sum += 1 / Math.pow(i + 1, ZIPF_EXPONENT);
            sums[i] = sum;
        }
        return sums;
    }

    /** Of the streams, the first whose sum is greater than a part of all. */
    static int zipf(double[] sums, double part) {
        int found = Arrays.binarySearch(sums, part * sums[sums.length - 1]);
        return Math.min(sums.length - 1, found >= 0 ? found + 1 : -found - 1);
    }

    int next() {
        if (next == drawn.length) {
            next = 0;
        }
        return drawn[next++];
    }
}
