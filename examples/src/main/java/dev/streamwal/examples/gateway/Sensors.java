package dev.streamwal.examples.gateway;

import dev.streamwal.StreamWal;
import dev.streamwal.WriteBatch;
import dev.streamwal.WriteEntry;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** Simulated sensors, each with a stream: one call appends a reading of every one. Keys begin with what streams are selected by. */
final class Sensors {
    static final List<String> REGIONS = List.of("north", "east", "south", "west");

    private final List<String> keys;
    private final WriteBatch batch = new WriteBatch(); // reused: it takes 65,536 records at most

    Sensors(int count) {
        keys = IntStream.range(0, count).mapToObj(Sensors::key).toList();
    }

    /** Every fifth one measures a temperature. */
    static String key(int number) {
        String region = REGIONS.get(number / 5 % REGIONS.size());
        return String.format(Locale.ROOT, "sensor/%s/%s/%05d", number % 5 == 0 ? "temperature" : "power", region, number);
    }

    static Keys temperaturesOf(String region) {
        return Keys.prefix("sensor/temperature/" + region + "/");
    }

    /** One reading of each a second, with a deadline for each second, not a pause. */
    List<EntryRef> collect(StreamWal wal, int seconds) throws InterruptedException {
        List<EntryRef> appended = new ArrayList<>();
        long start = System.nanoTime();
        for (int second = 1; second <= seconds; second++) {
            appended.addAll(appendReadings(wal));
            TimeUnit.NANOSECONDS.sleep(start + TimeUnit.SECONDS.toNanos(second) - System.nanoTime());
        }
        return appended;
    }

    private List<EntryRef> appendReadings(StreamWal wal) {
        batch.clear();
        double minute = System.currentTimeMillis() / 60_000.0;
        for (int i = 0; i < keys.size(); i++) {
            batch.add(keys.get(i), WriteEntry.of(encode(20 + 5 * Math.sin(minute + i))));
        }
        return wal.append(batch);
    }

    private static byte[] encode(double value) {
        return ByteBuffer.allocate(Double.BYTES).putDouble(value).array();
    }

    static double value(Entry entry) {
        return entry.content().getDouble(0);
    }
}
