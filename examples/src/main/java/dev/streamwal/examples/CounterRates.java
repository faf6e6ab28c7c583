package dev.streamwal.examples;

import dev.streamwal.examples.TelemetrySource.Sink;
import java.util.HashMap;
import java.util.Map;

/** Turns counters that only rise into rates per second. The first reading of a counter gives none. */
final class CounterRates {
    private record Reading(long count, long nanos) {}

    private final Map<String, Reading> last = new HashMap<>();

    void put(String key, long count, Sink sink) {
        Reading now = new Reading(count, System.nanoTime());
        Reading before = last.put(key, now);
        // A counter that fell has wrapped or was reset: it says nothing of this interval.
        if (before != null && now.nanos > before.nanos && now.count >= before.count) {
            sink.put(key, (now.count - before.count) * 1e9 / (now.nanos - before.nanos));
        }
    }
}
