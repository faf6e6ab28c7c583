package dev.streamwal.measure;

/** A timing for each constant of an enum. */
public final class Timings<E extends Enum<E>> {

    private final Timing[] timings;

    public Timings(Class<E> type) {
        this.timings = new Timing[type.getEnumConstants().length];
        for (int i = 0; i < timings.length; i++) {
            timings[i] = new Timing();
        }
    }

    public Timing of(E constant) {
        return timings[constant.ordinal()];
    }
}
