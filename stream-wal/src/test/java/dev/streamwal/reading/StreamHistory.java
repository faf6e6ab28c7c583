package dev.streamwal.reading;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * What one stream held, from change to change. A change has an interval: until it ends the state before it may be seen, from its beginning
 * on the state after it. One thread writes it; afterwards anybody reads it.
 */
final class StreamHistory {

    /** Why a record is there no more. */
    enum Removal { SWEPT, CUT, DELETED }

    /** A record as it was appended. */
    record Appended(String key, long position, int size, long timestampMillis, long number) {

        long end() {
            return position + size;
        }
    }

    /**
     * What the stream held.
     *
     * @param records by position
     */
    record State(long fromNanos, NavigableMap<Long, Appended> records) {}

    private final String key;
    private final List<State> states = new ArrayList<>();
    /** When each state was over for good. */
    private final List<Long> ends = new ArrayList<>();
    private final Map<Long, Removal> removals = new HashMap<>();
    private NavigableMap<Long, Appended> now = new TreeMap<>();

    StreamHistory(String key) {
        this.key = key;
        states.add(new State(Long.MIN_VALUE, new TreeMap<>()));
        ends.add(Long.MAX_VALUE);
    }

    String key() {
        return key;
    }

    NavigableMap<Long, Appended> now() {
        return now;
    }

    void appended(List<Appended> records, long startNanos, long endNanos) {
        NavigableMap<Long, Appended> next = new TreeMap<>(now);
        records.forEach(record -> next.put(record.position(), record));
        change(next, startNanos, endNanos);
    }

    /** Everything below the position went; {@code borders} are the first positions of segments, which go one after the other. */
    void removedBelow(long position, List<Long> borders, Removal why, long startNanos, long endNanos) {
        for (long border : borders) {
            if (border < position) {
                remove(now.headMap(border, false), why, startNanos, endNanos);
            }
        }
        remove(now.headMap(position, false), why, startNanos, endNanos);
    }

    /** Everything from the position on was cut off, the newest segments first. */
    void cutFrom(long position, List<Long> borders, long startNanos, long endNanos) {
        for (int i = borders.size() - 1; i >= 0; i--) {
            if (borders.get(i) > position) {
                remove(now.tailMap(borders.get(i), true), Removal.CUT, startNanos, endNanos);
            }
        }
        remove(now.tailMap(position, true), Removal.CUT, startNanos, endNanos);
    }

    private void remove(NavigableMap<Long, Appended> gone, Removal why, long startNanos, long endNanos) {
        if (gone.isEmpty()) {
            return;
        }
        gone.keySet().forEach(position -> removals.putIfAbsent(position, why));
        NavigableMap<Long, Appended> next = new TreeMap<>(now);
        next.keySet().removeAll(List.copyOf(gone.keySet()));
        change(next, startNanos, endNanos);
    }

    private void change(NavigableMap<Long, Appended> next, long startNanos, long endNanos) {
        ends.set(ends.size() - 1, endNanos);
        states.add(new State(startNanos, next));
        ends.add(Long.MAX_VALUE);
        now = next;
    }

    Removal removal(long position) {
        return removals.get(position);
    }

    /** The states that somebody may have seen in this time. */
    List<NavigableMap<Long, Appended>> between(long fromNanos, long toNanos) {
        List<NavigableMap<Long, Appended>> seen = new ArrayList<>();
        for (int i = states.size() - 1; i >= 0 && ends.get(i) >= fromNanos; i--) {
            if (states.get(i).fromNanos() <= toNanos) {
                seen.add(states.get(i).records());
            }
        }
        return seen;
    }
}
