package dev.streamwal.packing;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * The order in which things are tried if some have failed: first those that never failed, then those that failed longest ago. So one that always
 * fails doesn't keep others waiting for ever. One thread at a time.
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

    /** The smaller the rank, the earlier it is tried. */
    long rank(T each) {
        return failures.getOrDefault(each, 0L);
    }
}
