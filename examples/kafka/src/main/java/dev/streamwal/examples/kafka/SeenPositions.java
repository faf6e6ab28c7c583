package dev.streamwal.examples.kafka;

import dev.streamwal.reader.EntryRef;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Tells repeats from new records, for a reader of what a {@link KafkaShipper} sends.
 *
 * <p><b>Why the greatest position of each key is enough.</b> Positions of a stream rise. A shipper that begins again sends everything behind its last
 * commit, in order. What a shipper before it has delivered behind that commit is a whole batch, which begins there. So a record below the greatest
 * position seen was seen itself. It takes a consumer with {@code isolation.level=read_committed}.
 *
 * <p><b>After a restart</b> read so many records of each partition again, from before the offset to go on at, as the shipper has in a batch
 * ({@link KafkaShipper#MAX_BATCH_RECORDS}), and only note them: a repeat stands no farther behind its first copy, if the shipper alone writes to the
 * topic. Or store the greatest positions with what you make of the records.
 *
 * <p>One thread, and a set of partitions of its own. At most so many keys are kept as the constructor says; of a key that wasn't seen for longest, a
 * repeat may pass.
 */
public final class SeenPositions {

    private final Map<String, Long> greatest;

    /** @param maxKeys so many are kept, at some 100 bytes each */
    public SeenPositions(int maxKeys) {
        this.greatest = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
                return size() > maxKeys;
            }
        };
    }

    /** Notes a record; whether it wasn't seen before. */
    public boolean isNew(EntryRef ref) {
        Long seen = greatest.get(ref.key());
        if (seen != null && ref.position() <= seen) {
            return false;
        }
        greatest.put(ref.key(), ref.position());
        return true;
    }
}
