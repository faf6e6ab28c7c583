package dev.streamwal.packing;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * The order in which things are tried where some have failed: first what never failed, then what failed longest ago. So what fails always keeps nothing
 * else for ever. One thread at a time.
 */
final class Retries<T> {

    private final Map<T, Long> failures = new HashMap<>();
    private long count;

    void failed(T each) {
        failures.put(each, ++count);
    }

    void succeeded(T each) {
        Long unused = failures.remove(each);
    }

    /** Forgets all others. */
    void retainAll(Collection<T> each) {
        failures.keySet().retainAll(each);
    }

    /** What is tried earlier has a smaller one. */
    long rank(T each) {
        return failures.getOrDefault(each, 0L);
    }
}
