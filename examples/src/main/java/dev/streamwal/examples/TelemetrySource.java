package dev.streamwal.examples;

import java.util.ArrayList;
import java.util.List;

/** A source of measurements: puts every key and its current value into the sink. */
interface TelemetrySource {
    void sample(Sink sink);

    /** The sources of this machine: the JVM's beans everywhere, and /proc on Linux. */
    static List<TelemetrySource> ofThisMachine() {
        List<TelemetrySource> sources = new ArrayList<>();
        sources.add(new JvmSource());
        if (LinuxSource.isAvailable()) {
            sources.add(new LinuxSource());
        }
        return sources;
    }

    /** Receives samples. */
    @FunctionalInterface
    interface Sink {
        void put(String key, double value);

        /** Exact up to 2^53: petabytes. */
        default void put(String key, long value) {
            put(key, (double) value);
        }
    }
}
