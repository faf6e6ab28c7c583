package dev.streamwal.examples.kafka;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Tells repeats from new records, for a reader of what a {@link KafkaShipper} sends.
 *
 * <p><b>Why the greatest position of each key is enough.</b> Positions of a stream rise. A shipper that begins again sends everything behind its last
 * commit, in order. What a shipper before it has delivered behind that commit is a whole batch, which begins there. So a record below the greatest
 * position seen was seen itself. It takes a consumer with {@code isolation.level=read_committed}, and keys that stay in their partitions: a topic that
 * gets more partitions moves them.
 *
 * <p><b>After a restart</b> it needs what it knew. Store {@link #positions()} together with the offsets to go on at, and best with what is made of the
 * records, in one step: {@link ShippedReader} does the first. Without that, reading some records from before the offsets again finds most repeats, and
 * not all: a batch is sent again when the shipper comes back, behind all that other streams have got meanwhile. Nothing is ever lost by knowing less;
 * repeats pass.
 *
 * <p><b>Where it is wrong.</b> A log that was put back to an earlier state, from a backup, or begun anew in an empty folder, gives positions again. Ship
 * that with another prefix of keys, or to another topic, or else what is new in it is taken for repeats.
 *
 * <p>One thread, and a set of partitions of its own. At most so many keys are kept as the constructor says. Of the key that wasn't seen for longest
 * a repeat may pass then: {@link #forgotten()} says whether any was dropped.
 */
public final class SeenPositions {

    private static final boolean LAST_SEEN_IS_LAST = true;

    private final int maxKeys;
    private final LinkedHashMap<String, Long> greatest = new LinkedHashMap<>(16, 0.75f, LAST_SEEN_IS_LAST);
    private long forgotten;

    /**
     * Knows what was stored.
     *
     * @param maxKeys so many are kept, at some 100 bytes each and the key
     * @param stored what {@link #positions()} gave
     */
    public SeenPositions(int maxKeys, Map<String, Long> stored) {
        this.maxKeys = maxKeys;
        stored.forEach(this::processed);
    }

    /** Whether the record was processed before. */
    public boolean isRepeat(String key, long position) {
        Long seen = greatest.get(key);
        return seen != null && position <= seen;
    }

    /** Notes a record. Call it behind what may fail, or the record, read again, is taken for a repeat. */
    public void processed(String key, long position) {
        greatest.merge(key, position, Math::max);
        if (greatest.size() > maxKeys) {
            String longestUnseen = greatest.keySet().iterator().next();
            greatest.remove(longestUnseen);
            forgotten++;
        }
    }

    /** {@return the greatest position of each key, a copy; the key seen last is the last} */
    public Map<String, Long> positions() {
        return new LinkedHashMap<>(greatest);
    }

    /** {@return how often a key was dropped, to make room} */
    public long forgotten() {
        return forgotten;
    }
}
