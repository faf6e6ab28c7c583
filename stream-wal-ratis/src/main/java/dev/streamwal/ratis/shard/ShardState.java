package dev.streamwal.ratis.shard;

import dev.streamwal.ratis.wire.Text;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.CRC32C;

/**
 * What all replicas know alike at an applied index: the clock, where each stream ends, and which commands were applied. The records are in the shard's log,
 * which is allowed to be ahead of this: {@link ShardStateMachine} says why.
 *
 * <p>In the file, big-endian: {@code SWRS}, the version, the applied index, the clock, the ends by key
 * of streams that have records and of those that have none any more, the producers, and the CRC32C of all that. Its size is
 * that of the keys and 12 bytes each, and what {@link Producers} is bounded by.
 *
 * <p>Not thread-safe: the thread that applies has it, and who else looks does so under its lock, but for where a stream ends, which anybody may ask.
 */
final class ShardState {

    private static final int MAGIC = 0x5357_5253;
    private static final int VERSION = 1;

    /** Of streams that have records. */
    private final Map<String, Long> ends;
    /** Of those whose records have all expired. */
    private final Map<String, Long> emptied;
    private final Producers producers;
    private long appliedIndex;
    private long clockMillis;

    private ShardState(long appliedIndex, long clockMillis, Map<String, Long> ends, Map<String, Long> emptied, Producers producers) {
        this.appliedIndex = appliedIndex;
        this.clockMillis = clockMillis;
        this.ends = ends;
        this.emptied = emptied;
        this.producers = producers;
    }

    /** Of a shard to which nothing was applied yet. */
    static ShardState empty() {
        return new ShardState(-1, 0, new ConcurrentHashMap<>(), new ConcurrentHashMap<>(), new Producers());
    }

    long appliedIndex() {
        return appliedIndex;
    }

    /** The greatest time that a leader has stamped; 0 before the first. */
    long clockMillis() {
        return clockMillis;
    }

    Producers producers() {
        return producers;
    }

    /** Time doesn't go back, also where a new leader's clock is behind the old one's. */
    void advanceClock(long stampMillis) {
        clockMillis = Math.max(clockMillis, stampMillis);
    }

    void appliedUpTo(long index) {
        appliedIndex = Math.max(appliedIndex, index);
    }

    long endOf(String key) {
        Long end = ends.get(key);
        return end == null ? emptied.getOrDefault(key, 0L) : end;
    }

    void ends(String key, long end) {
        ends.put(key, end);
        emptied.remove(key);
    }

    /** Where each stream ends that has records. */
    Map<String, Long> ends() {
        return Collections.unmodifiableMap(ends);
    }

    /** What has no records any more goes on where it ended, too. */
    void onlyTheseHaveRecords(Set<String> keys) {
        ends.forEach((key, end) -> {
            if (!keys.contains(key)) {
                emptied.put(key, end);
                ends.remove(key);
            }
        });
    }

    byte[] encode() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(MAGIC);
        out.writeInt(VERSION);
        out.writeLong(appliedIndex);
        out.writeLong(clockMillis);
        writeEnds(out, ends);
        writeEnds(out, emptied);
        producers.write(out);
        out.writeInt(checksum(bytes.toByteArray(), bytes.size()));
        return bytes.toByteArray();
    }

    private static void writeEnds(DataOutputStream out, Map<String, Long> ends) throws IOException {
        out.writeInt(ends.size());
        for (Map.Entry<String, Long> each : new TreeMap<>(ends).entrySet()) {
            Text.write(out, each.getKey());
            out.writeLong(each.getValue());
        }
    }

    /** @throws IOException where the bytes are no state, or damaged */
    static ShardState decode(byte[] bytes) throws IOException {
        int body = bytes.length - Integer.BYTES;
        DataInputStream source = new DataInputStream(new ByteArrayInputStream(bytes));
        if (body < Integer.BYTES || source.readInt() != MAGIC) {
            throw new IOException("file is no state of a shard: bytes=" + bytes.length);
        }
        if (new DataInputStream(new ByteArrayInputStream(bytes, body, Integer.BYTES)).readInt() != checksum(bytes, body)) {
            throw new IOException("state of a shard is damaged: bytes=" + bytes.length);
        }
        int version = source.readInt();
        if (version != VERSION) {
            throw new IOException("state of a shard was written by a later version: version=" + version + ", known=" + VERSION);
        }
        long appliedIndex = source.readLong();
        long clockMillis = source.readLong();
        Map<String, Long> ends = readEnds(source);
        return new ShardState(appliedIndex, clockMillis, ends, readEnds(source), Producers.read(source));
    }

    private static Map<String, Long> readEnds(DataInputStream source) throws IOException {
        int streams = Text.readCount(source);
        Map<String, Long> ends = new ConcurrentHashMap<>();
        for (int i = 0; i < streams; i++) {
            String key = Text.read(source);
            ends.put(key, source.readLong());
        }
        return ends;
    }

    private static int checksum(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }
}
