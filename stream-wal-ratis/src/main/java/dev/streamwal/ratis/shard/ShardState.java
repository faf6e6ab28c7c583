package dev.streamwal.ratis.shard;

import dev.streamwal.ratis.wire.Command.Tick;
import dev.streamwal.ratis.wire.Text;
import dev.streamwal.reader.EntryRef;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.CRC32C;

/**
 * What all replicas know alike at an applied index: the clock, where each stream ends, which commands were applied, and when the next image is due. It depends
 * on the applied entries only, so two replicas that have applied the same have the same, bit for bit.
 *
 * <p><b>Positions.</b> A stream goes on where it ended. Its first record since the last image begins where the log began then, {@link #begin}, which is above
 * every position given before. That is what a log does whose streams share segments, and which is opened anew at each image: its <i>start</i> is raised to
 * its ceiling, a multiple of {@link #BEGINNINGS_APART_BYTES}, and what is appended between two images is far from reaching the next. So a replica knows the
 * position of each record before its log gives it, and {@link Shard} compares.
 *
 * <p>A stream leaves the table at an image when its newest record is older than its retention. If it is appended to later, it begins at {@link #begin}, as
 * it would have otherwise, whether or not a replica's files still have some of it.
 *
 * <p><b>The digest</b> is the CRC32C of all positions that were given, in order. Ticks compare it with the leader's: {@link #differsFrom}.
 *
 * <p>{@link StateFile} says how it stands in its file.
 *
 * <p>Not thread-safe: the thread that applies has it, and who else looks does so under its lock, but for where a stream ends,
 * how many there are, and the last tick, which anybody may ask.
 */
final class ShardState {

    /** By how much a log's start is raised when it is opened after something was appended: {@code PositionsWriter.CEILING_STEP_BYTES}. */
    static final long BEGINNINGS_APART_BYTES = 64L << 30;

    /** At least what a record in a shared segment has around it beside its key. */
    private static final int AROUND_RECORD_BYTES = 128;

    /**
     * A stream that may have records.
     *
     * @param end where its newest record ends
     * @param expirationMillis when all its records are older than its retention
     */
    private record Known(long end, long expirationMillis) {}

    private final Map<String, Known> streams = new ConcurrentHashMap<>();
    private Producers producers = new Producers();
    private long appliedTerm;
    private long appliedIndex = -1;
    private long clockMillis;
    private long begin;
    private long entriesSinceImage;
    private long bytesSinceImage;
    private long imageClockMillis;
    private int digest;
    private volatile Tick lastTick = Tick.UNSTAMPED;

    private ShardState() {}

    /** Of a shard to which nothing was applied yet. */
    static ShardState empty() {
        return new ShardState();
    }

    // ---------------------------------------------------------------- entries

    long appliedTerm() {
        return appliedTerm;
    }

    /** Of the last command; -1 before the first. */
    long appliedIndex() {
        return appliedIndex;
    }

    void applied(long term, long index) {
        appliedTerm = term;
        appliedIndex = index;
        entriesSinceImage++;
    }

    /** The greatest time that a leader has stamped; 0 before the first. */
    long clockMillis() {
        return clockMillis;
    }

    /** Time doesn't go back, also where a new leader's clock is behind the old one's. */
    void advanceClock(long stampMillis) {
        clockMillis = Math.max(clockMillis, stampMillis);
        if (appliedIndex < 0) {
            imageClockMillis = clockMillis;
        }
    }

    Producers producers() {
        return producers;
    }

    // ---------------------------------------------------------------- streams

    /** Where a stream's newest record ends; 0 where it has none that is younger than the retention. */
    long endOf(String key) {
        Known known = streams.get(key);
        return known == null ? 0 : known.end;
    }

    /** How many streams have records that were younger than their retention when the last image was made. */
    int streams() {
        return streams.size();
    }

    /** Where a stream's next record begins. */
    long nextOf(String key) {
        return Math.max(endOf(key), begin);
    }

    /** @param expirationMillis when the record is older than its stream's retention */
    void appended(EntryRef ref, long expirationMillis) {
        Known before = streams.get(ref.key());
        streams.put(ref.key(), new Known(ref.end(), before == null ? expirationMillis : Math.max(before.expirationMillis, expirationMillis)));
        bytesSinceImage += ref.size() + (long) ref.key().length() * Character.BYTES + AROUND_RECORD_BYTES;
        digest = next(digest, ref);
    }

    private static int next(int digest, EntryRef ref) {
        CRC32C crc = new CRC32C();
        crc.update(ByteBuffer.allocate(Integer.BYTES + Long.BYTES + Integer.BYTES).putInt(digest).putLong(ref.position()).putInt(ref.size()).flip());
        crc.update(Text.bytes(ref.key()));
        return (int) crc.getValue();
    }

    // ---------------------------------------------------------------- images

    /** Whether an image comes before the next entry, whose time this clock shows already. */
    boolean isImageDue(ImageRule rule) {
        return appliedIndex >= 0 && (entriesSinceImage >= rule.entries() || bytesSinceImage >= rule.bytes()
                || clockMillis - imageClockMillis >= rule.millis());
    }

    /** An image has this state, and the log is opened anew behind it. */
    void beginAnew() {
        if (bytesSinceImage > 0) {
            begin += BEGINNINGS_APART_BYTES;
        }
        streams.values().removeIf(known -> known.expirationMillis <= clockMillis);
        producers.expire(clockMillis);
        entriesSinceImage = 0;
        bytesSinceImage = 0;
        imageClockMillis = clockMillis;
    }

    // ---------------------------------------------------------------- ticks

    /** The last tick that was applied, with the digest as of it: what a leader puts into the next. */
    Tick lastTick() {
        return lastTick;
    }

    /** Whether a tick says that the leader had given other positions up to the tick before. Where both don't know the same one before, nothing is compared. */
    boolean differsFrom(Tick tick) {
        return tick.before() == lastTick.before() && tick.digest() != lastTick.digest();
    }

    void ticked(long index) {
        lastTick = new Tick(index, digest);
    }

    // ---------------------------------------------------------------- bytes

    /** All of it, in a piece for each stream and producer: see {@link StateFile}. */
    void write(DataOutputStream out) throws IOException {
        out.writeLong(appliedTerm);
        out.writeLong(appliedIndex);
        out.writeLong(clockMillis);
        out.writeLong(begin);
        out.writeLong(entriesSinceImage);
        out.writeLong(bytesSinceImage);
        out.writeLong(imageClockMillis);
        out.writeInt(digest);
        out.writeLong(lastTick.before());
        out.writeInt(lastTick.digest());
        String[] keys = streams.keySet().toArray(new String[0]);
        Arrays.sort(keys);
        out.writeInt(keys.length);
        for (String key : keys) {
            Known known = Objects.requireNonNull(streams.get(key), "stream left the table while that was written");
            Text.write(out, key);
            out.writeLong(known.end);
            out.writeLong(known.expirationMillis);
        }
        producers.write(out);
    }

    static ShardState read(DataInputStream source) throws IOException {
        ShardState read = new ShardState();
        read.appliedTerm = source.readLong();
        read.appliedIndex = source.readLong();
        read.clockMillis = source.readLong();
        read.begin = source.readLong();
        read.entriesSinceImage = source.readLong();
        read.bytesSinceImage = source.readLong();
        read.imageClockMillis = source.readLong();
        read.digest = source.readInt();
        read.lastTick = new Tick(source.readLong(), source.readInt());
        int count = Text.readCount(source);
        for (int i = 0; i < count; i++) {
            String key = Text.read(source);
            read.streams.put(key, new Known(source.readLong(), source.readLong()));
        }
        read.producers = Producers.read(source);
        return read;
    }
}
