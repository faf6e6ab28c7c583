package dev.streamwal;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.streamwal.commit.JournalSizes;
import dev.streamwal.engine.Environment;
import dev.streamwal.keys.MasterKeys;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * What the process that is going to be killed does: each call of each thread follows from numbers alone, so that whoever reads the log
 * afterwards knows what every record must hold. A record's content starts with those numbers and its timestamp.
 */
final class KillScript {

    static final int THREADS = 8;

    /** Streams that nobody deletes from, and those of which records vanish: with time, by purging, and by deleting the stream. */
    static final String SWEPT = "swept/";
    static final String PURGED = "purged/";
    /** Each thread's own one: so it is certain what was appended before the stream was deleted, and what after. */
    static final String OWN = "own/";

    static final Duration RETENTION = Duration.ofSeconds(30);
    static final Duration PURGE_AGE = Duration.ofSeconds(20);

    private static final int BUSY_STREAMS = 5;
    private static final int COLD_STREAMS = 120;
    private static final int VANISHING_STREAMS = 3;
    private static final int PERCENT_BUSY = 77;
    private static final int PERCENT_SWEPT = 6;
    private static final int PERCENT_PURGED = 5;
    private static final int PERCENT_OWN = 5;
    private static final int MAX_BATCH = 10;
    private static final int MAX_PARTS = 5;
    private static final int MAX_LARGE_BYTES = 64 << 10;
    /** round, thread, call, part, index: int each; timestamp: long. */
    static final int PREFIX_BYTES = 5 * Integer.BYTES + Long.BYTES;
    static final int TIMESTAMP = 5 * Integer.BYTES;

    /** Stands in every piece of 40 bytes that a record's header or content has. */
    static final String MARKER = "PLAIN-TX";
    private static final int MARKER_DISTANCE = 32;

    private static final int CLOCK_SPEED = 20;
    private static final byte[] NOISE = noise();

    /** So small that files of the journal are filled, checkpointed and used again all the time, and large records don't fit. */
    private static final JournalSizes SMALL_JOURNAL = new JournalSizes(64 << 10, 128 << 10, 512 << 10, 32 << 10, 16 << 10);

    private final long seed;
    private final boolean encrypted;

    KillScript(long seed, boolean encrypted) {
        this.seed = seed;
        this.encrypted = encrypted;
    }

    /** Twenty times as fast as the machine's, so that windows end all the time, and going on from process to process. */
    static InstantSource clock(long originMillis) {
        Instant start = Instant.parse("2026-01-01T00:00:00Z");
        return () -> start.plusMillis((System.currentTimeMillis() - originMillis) * CLOCK_SPEED);
    }

    /** Small segments and short windows, so that rotations and growth happen all the time. */
    static WalOptions.Builder options(long originMillis, Storage storage, boolean encrypted, int round) {
        WalOptions.Builder options = WalOptions.builder();
        return (encrypted ? options.encryption(masters(round)) : options)
                .storage(storage)
                .clock(clock(originMillis))
                .window(Duration.ofSeconds(15))
                .streams(SWEPT + "*", StreamOptions.builder().retention(RETENTION).build())
                .segmentBytes(256 << 10)
                .flushInterval(Duration.ofMillis(10))
                .sweepInterval(Duration.ofMillis(20));
    }

    /** Those of one round are the others' as well, but another one is current: so rotating changes it. */
    static MasterKeys masters(int round) {
        return round % 2 == 0 ? MasterKeysForTests.ring("even", "odd") : MasterKeysForTests.ring("odd", "even");
    }

    /** @param boot of the machine: where it isn't 0, another one than it really was */
    static Environment environment(WalOptions options, boolean smallJournal, int boot) {
        Environment machine = Environment.ofThisMachine(options.storage().kind());
        return new Environment(() -> machine.bootId().get().map(id -> boot == 0 ? id : id + "-" + boot), machine.storages(), machine.salts(),
                true, smallJournal ? SMALL_JOURNAL : machine.journal());
    }

    /** How a call appends. */
    enum Way {
        /** One record; as durable as said. */
        RECORD,
        /** One record, whose copying takes its time: a kill finds its slot reserved and not published. */
        SLOW,
        ASYNC,
        BATCH,
        /** A {@link WriteBatch} of several streams. */
        STREAMS
    }

    /** What a call does when it has appended. */
    enum Then { NOTHING, SYNC_STREAM, SYNC_LOG, SWEEP, ROTATE_KEYS, PURGE, DELETE }

    /** One call. */
    record Call(int round, int thread, int number, Way way, Durability durability, List<Part> parts, Then then) {

        boolean isDurable() {
            return durability == Durability.IMMEDIATE;
        }

        /** For statistics. */
        String level() {
            return switch (way) {
                case RECORD, SLOW -> durability.name();
                case ASYNC -> "appendAsync";
                case BATCH -> "batch " + durability;
                case STREAMS -> "WriteBatch";
            };
        }
    }

    /** What goes to one stream: all of it or nothing. */
    record Part(String stream, List<Item> items) {}

    /** A record without its timestamp. */
    record Item(byte[] header, byte[] content) {

        /** The timestamp is in the content, too. */
        WriteEntry at(long timestampMillis) {
            ByteBuffer.wrap(content).putLong(TIMESTAMP, timestampMillis);
            return WriteEntry.of(header, content, timestampMillis);
        }
    }

    Call call(int round, int thread, int number) {
        SplittableRandom random = new SplittableRandom(seed ^ (long) round << 48 ^ (long) thread << 40 ^ number);
        Way way = way(random.nextInt(100));
        Durability durability = durability(way, random.nextInt(100));
        Set<String> streams = new LinkedHashSet<>();
        int parts = way == Way.STREAMS ? 2 + random.nextInt(MAX_PARTS - 1) : 1;
        while (streams.size() < parts) {
            streams.add(stream(random, way, thread));
        }
        List<Part> all = new ArrayList<>(parts);
        for (String stream : streams) {
            int count = way == Way.BATCH ? 2 + random.nextInt(MAX_BATCH - 1) : way == Way.STREAMS ? 1 + random.nextInt(3) : 1;
            List<Item> items = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                items.add(item(random, way, round, thread, number, all.size(), i));
            }
            all.add(new Part(stream, items));
        }
        return new Call(round, thread, number, way, durability, all, then(all.get(0).stream, way, random.nextInt(1_000)));
    }

    private static Way way(int percent) {
        return percent < 60 ? Way.RECORD : percent < 64 ? Way.SLOW : percent < 80 ? Way.ASYNC : percent < 96 ? Way.BATCH : Way.STREAMS;
    }

    private static Durability durability(Way way, int percent) {
        if (way == Way.SLOW) {
            return Durability.BUFFERED;
        }
        if (way == Way.STREAMS || way == Way.ASYNC) {
            return Durability.IMMEDIATE;
        }
        return percent < 65 ? Durability.BUFFERED : percent < 85 ? Durability.PERIODIC : Durability.IMMEDIATE;
    }

    private Then then(String stream, Way way, int permille) {
        if (stream.startsWith(OWN) && way != Way.STREAMS) {
            return permille < 80 ? Then.DELETE : Then.NOTHING;
        }
        if (stream.startsWith(PURGED)) {
            return permille < 50 ? Then.PURGE : Then.NOTHING;
        }
        return permille < 8 ? Then.SYNC_STREAM : permille < 11 ? Then.SYNC_LOG : permille < 14 ? Then.SWEEP
                : encrypted && permille < 24 ? Then.ROTATE_KEYS : Then.NOTHING;
    }

    private static String stream(SplittableRandom random, Way way, int thread) {
        int percent = random.nextInt(100);
        if (way == Way.SLOW || percent < PERCENT_BUSY) {
            return "busy/" + random.nextInt(BUSY_STREAMS);
        }
        percent -= PERCENT_BUSY;
        if (percent < PERCENT_SWEPT) {
            return SWEPT + random.nextInt(VANISHING_STREAMS);
        }
        percent -= PERCENT_SWEPT;
        if (percent < PERCENT_PURGED) {
            return PURGED + random.nextInt(VANISHING_STREAMS);
        }
        return percent - PERCENT_PURGED < PERCENT_OWN ? OWN + thread : "cold/" + random.nextInt(COLD_STREAMS);
    }

    private static Item item(SplittableRandom random, Way way, int round, int thread, int number, int part, int index) {
        int kind = random.nextInt(100);
        int header = kind < 25 ? random.nextInt(64) : 0;
        boolean large = kind > 91 && (way == Way.RECORD || way == Way.ASYNC);
        int body = large ? random.nextInt(MAX_LARGE_BYTES) : kind > 80 ? random.nextInt(2_000) : random.nextInt(200);
        byte[] content = bytes(random, PREFIX_BYTES + body);
        ByteBuffer.wrap(content).putInt(round).putInt(thread).putInt(number).putInt(part).putInt(index).putLong(0);
        return new Item(bytes(random, header), content);
    }

    /** A piece of the noise: making bytes must cost the child no time in which it could append. */
    private static byte[] bytes(SplittableRandom random, int length) {
        int from = random.nextInt(NOISE.length - length);
        return Arrays.copyOfRange(NOISE, from, from + length);
    }

    private static byte[] noise() {
        byte[] noise = new byte[1 << 18];
        long state = 0x9E37_79B9_7F4A_7C15L;
        for (int i = 0; i < noise.length; i += Long.BYTES) {
            state ^= state << 13;
            state ^= state >>> 7;
            state ^= state << 17;
            ByteBuffer.wrap(noise).putLong(i, state);
        }
        for (int i = 0; i < noise.length; i += MARKER_DISTANCE) {
            System.arraycopy(MARKER.getBytes(US_ASCII), 0, noise, i, MARKER.length());
        }
        return noise;
    }
}
