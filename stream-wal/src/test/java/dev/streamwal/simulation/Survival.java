package dev.streamwal.simulation;

import java.util.Arrays;

/**
 * What is left at a {@link CrashPoint}: for each of its items which of the options, 0 being the oldest: lost.
 *
 * @param how it was chosen
 */
record Survival(int[] picks, String how) {

    Survival with(int item, int pick) {
        int[] changed = picks.clone();
        changed[item] = pick;
        return new Survival(changed, how);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Survival survival && Arrays.equals(picks, survival.picks);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(picks);
    }

    @Override
    public String toString() {
        return how + " " + Arrays.toString(picks);
    }
}
