package dev.streamwal.powerloss;

import dev.streamwal.Durability;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Everything that a log has said it has, over all its losses of power: which record stands at which position, for ever, and which have to be
 * there. One thread.
 *
 * <p>What survives of a stream is its beginning, up to what was promised at least. What has been read once came from the disk, and stays.
 */
final class PowerLossLedger {

    /** One record. */
    private static final class Place {
        private final long position;
        private final int size;
        private final Stamped stamp;
        /** Its append has returned. */
        private boolean acknowledged;
        /** Read after a loss of power. */
        private boolean found;
        /** Nobody was promised it, and it wasn't there after a loss of power. */
        private boolean lost;

        Place(long position, int size, Stamped stamp) {
            this.position = position;
            this.size = size;
            this.stamp = stamp;
        }

        long end() {
            return position + size;
        }

        @Override
        public String toString() {
            return stamp + "@" + position + "+" + size + (found ? " found" : "") + (lost ? " lost" : "");
        }
    }

    private final String name;
    private final Map<String, NavigableMap<Long, Place>> streams = new TreeMap<>();
    private final Map<String, Map<Stamped, Place>> stamps = new HashMap<>();
    /** Everything in front of it survives, by stream. */
    private final Map<String, Long> durableEnds = new HashMap<>();
    /** The last round whose losses are known. */
    private int settledRound = -1;

    final Map<Durability, Long> appended = new TreeMap<>();
    long promised;
    long lost;
    long unacknowledged;

    PowerLossLedger(String name) {
        this.name = name;
    }

    // ---------------------------------------------------------------- what is said before the loss

    void appended(Durability level, String key, long position, int size, Stamped stamp) {
        appended.merge(level, 1L, Long::sum);
        place(key, position, size, stamp).acknowledged = true;
        if (level == Durability.IMMEDIATE) {
            durable(key, position + size);
        }
    }

    void durable(String key, long end) {
        durableEnds.merge(key, end, Math::max);
    }

    /** A new one, or the one that is known; no byte of a stream's positions is ever given to two records. */
    private Place place(String key, long position, int size, Stamped stamp) {
        NavigableMap<Long, Place> places = streams.computeIfAbsent(key, any -> new TreeMap<>());
        Place same = places.get(position);
        if (same != null && same.stamp.equals(stamp) && same.size == size) {
            return same;
        }
        Place place = new Place(position, size, stamp);
        Map.Entry<Long, Place> before = places.lowerEntry(position + size);
        if (before != null && before.getValue().end() > position) {
            throw failure("a position was given twice", key, place, before.getValue());
        }
        Place elsewhere = stamps.computeIfAbsent(key, any -> new HashMap<>()).putIfAbsent(stamp, place);
        if (elsewhere != null) {
            throw failure("a record is there twice", key, place, elsewhere);
        }
        places.put(position, place);
        return place;
    }

    // ---------------------------------------------------------------- what is there after the loss

    /** One that was read. The reading may be cut short by the next loss; what was read by then counts. */
    void found(String key, long position, int size, Stamped stamp) {
        Place place = place(key, position, size, stamp);
        if (place.lost || (stamp.round() <= settledRound && !place.found)) {
            throw failure("a record came back that was gone", key, place, "round " + settledRound);
        }
        unacknowledged += place.found || place.acknowledged ? 0 : 1;
        place.found = true;
    }

    /** All was read. */
    void settle(Map<String, NavigableMap<Long, Stamped>> found, int round) {
        streams.forEach((key, places) -> settle(key, places, found.getOrDefault(key, new TreeMap<>())));
        found.forEach(this::checkBatches);
        settledRound = round;
    }

    private void settle(String key, NavigableMap<Long, Place> places, NavigableMap<Long, Stamped> found) {
        long durableEnd = durableEnds.getOrDefault(key, 0L);
        for (Place place : places.values()) {
            promised += place.position < durableEnd && !place.lost ? 1 : 0;
            if (place.lost || found.containsKey(place.position)) {
                continue;
            }
            if (place.position < durableEnd) {
                throw failure("a durable record is gone", key, place, "durable to " + durableEnd + ", found " + ends(found));
            }
            if (place.found) {
                throw failure("a record is gone that was read before", key, place, "found " + ends(found));
            }
            if (found.higherKey(place.position) != null) {
                throw failure("a hole", key, place, found.higherEntry(place.position));
            }
            place.lost = true;
            lost++;
        }
    }

    private static String ends(NavigableMap<Long, Stamped> found) {
        return found.isEmpty() ? "nothing" : found.size() + " records from " + found.firstEntry() + " to " + found.lastEntry();
    }

    private void checkBatches(String key, NavigableMap<Long, Stamped> found) {
        Stamped before = null;
        for (Map.Entry<Long, Stamped> each : found.entrySet()) {
            Stamped stamp = each.getValue();
            boolean begins = stamp.index() == 0 && (before == null || before.index() == before.count() - 1);
            if (!begins && (before == null || !stamp.equals(new Stamped(before.round(), before.thread(), before.call(), before.index() + 1,
                    before.count())))) {
                throw failure("a part of a batch", key, each, before);
            }
            before = stamp;
        }
        if (before != null && before.index() != before.count() - 1) {
            throw failure("a part of a batch", key, found.lastEntry(), "the end");
        }
    }

    private AssertionError failure(String what, String key, Object record, Object other) {
        return new AssertionError(what + ": " + key + " " + record + ", but " + other + "; " + name);
    }
}
