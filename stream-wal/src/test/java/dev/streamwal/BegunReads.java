package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Cursors and tails that have read some records of a stream, and have the others before them. Close it. */
final class BegunReads implements AutoCloseable {

    /** @param left what is left to be read, by stream */
    private record Begun(String how, EntryCursor cursor, Supplier<Map<String, List<Written>>> left) {}

    private final List<Begun> all = new ArrayList<>();

    /** Begins, in each way, to read a stream, and reads so many records; the backward ones begin there. */
    void begin(WalReader reader, int count, List<Written> written) {
        String key = written.get(0).ref().key();
        List<Written> behind = written.subList(count, written.size());
        begin("scan", reader.scan(key), count, behind);
        begin("scanFrom", reader.scanFrom(key, behind.get(0).ref().position()), 0, behind);
        begin("scanLast", reader.scanLast(key, behind.size() + 1), 1, behind);
        begin("follow", reader.follow(key, ReadFrom.first()), count, behind);
        begin("follow keys", reader.follow(Keys.of(List.of(key, "nobody")), ReadFrom.first()), count, behind);
        begin("scanBackward", reader.scanBackward(key, behind.get(0).ref().position()), 1, backward(written.subList(0, count - 1)));
    }

    /** Begins to follow all streams, and reads all that there is by now. Returns how to do so again. */
    Runnable followToTheEnd(WalReader reader, Map<String, List<Written>> writtenMeanwhile) {
        EntryCursor tail = reader.follow(Keys.all(), ReadFrom.first());
        Map<String, Integer> counts = new HashMap<>();
        Runnable reading = () -> {
            while (tail.next()) {
                int unused = counts.merge(tail.key(), 1, Integer::sum);
            }
        };
        reading.run();
        all.add(new Begun("follow to the end of " + counts, tail, () -> {
            Map<String, List<Written>> left = new HashMap<>();
            writtenMeanwhile.forEach((key, records) -> left.put(key, records.subList(counts.getOrDefault(key, 0), records.size())));
            left.values().removeIf(List::isEmpty);
            return left;
        }));
        return reading;
    }

    /** Begins to read all streams, by time. */
    void beginMerged(WalReader reader, Map<String, List<Written>> written) {
        List<Written> oneByOne = written.values().stream().flatMap(Collection::stream).toList();
        begin("scanMerged", reader.scanMerged(Keys.of(written.keySet()), Instant.EPOCH, Instant.MAX), 1, oneByOne.subList(1, oneByOne.size()));
    }

    private void begin(String how, EntryCursor cursor, int count, List<Written> rest) {
        for (int i = 0; i < count; i++) {
            assertThat(cursor.next()).isTrue();
        }
        all.add(new Begun(how + " behind " + count, cursor, () -> byStream(rest)));
    }

    private static List<Written> backward(List<Written> written) {
        List<Written> reversed = new ArrayList<>(written);
        Collections.reverse(reversed);
        return reversed;
    }

    /** All that was left is read, each record once, and each stream's in order. */
    void assertGoOn() {
        for (Begun begun : all) {
            assertThat(byStream(Written.drain(begun.cursor()))).as(begun.how()).isEqualTo(begun.left().get());
        }
    }

    private static Map<String, List<Written>> byStream(List<Written> records) {
        Map<String, List<Written>> streams = new HashMap<>();
        records.forEach(record -> streams.computeIfAbsent(record.ref().key(), unused -> new ArrayList<>()).add(record));
        return streams;
    }

    @Override
    public void close() {
        all.forEach(begun -> begun.cursor().close());
    }
}
