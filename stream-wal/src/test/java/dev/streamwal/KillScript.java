package dev.streamwal;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What the process that is going to be killed appends: each call of each thread follows from numbers alone, so that whoever reads the log
 * afterwards knows what every record must hold. A record's content starts with those numbers and its timestamp.
 */
final class KillScript {

    static final int THREADS = 8;
    private static final int BUSY_STREAMS = 5;
    private static final int COLD_STREAMS = 120;
    private static final int PERCENT_BUSY = 92;
    private static final int MAX_BATCH = 10;
    private static final int MAX_LARGE_BYTES = 64 << 10;
    /** round, thread, call, index, count: int each; timestamp: long. */
    static final int PREFIX_BYTES = 5 * Integer.BYTES + Long.BYTES;
    static final int TIMESTAMP = 5 * Integer.BYTES;

    private static final int CLOCK_SPEED = 20;
    private static final byte[] NOISE = noise();

    private final long seed;

    KillScript(long seed) {
        this.seed = seed;
    }

    /** Twenty times as fast as the machine's, so that windows end all the time, and going on from process to process. */
    static InstantSource clock(long originMillis) {
        Instant start = Instant.parse("2026-01-01T00:00:00Z");
        return () -> start.plusMillis((System.currentTimeMillis() - originMillis) * CLOCK_SPEED);
    }

    /** Small segments, short windows and few seats, so that rotations, growth, parks and resumes happen all the time. */
    static WalOptions.Builder options(long originMillis, Storage storage) {
        return WalOptions.builder()
                .storage(storage)
                .clock(clock(originMillis))
                .window(Duration.ofSeconds(15))
                .segmentBytes(256 << 10)
                .sweepInterval(Duration.ofMillis(20))
                .maxMappedSegments(4)
                .maxOpenFiles(16);
    }

    /** One call: a record, or a batch of them. */
    record Call(int round, int thread, int number, String stream, List<Item> items) {}

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
        boolean busy = random.nextInt(100) < PERCENT_BUSY;
        String stream = busy ? "busy/" + random.nextInt(BUSY_STREAMS) : "cold/" + random.nextInt(COLD_STREAMS);
        int count = random.nextInt(100) < 75 ? 1 : 2 + random.nextInt(MAX_BATCH - 1);
        List<Item> items = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int kind = random.nextInt(100);
            int header = kind < 25 ? random.nextInt(64) : 0;
            int body = kind > 91 && count == 1 ? random.nextInt(MAX_LARGE_BYTES) : kind > 80 ? random.nextInt(2_000) : random.nextInt(200);
            byte[] content = bytes(random, PREFIX_BYTES + body);
            ByteBuffer.wrap(content).putInt(round).putInt(thread).putInt(number).putInt(i).putInt(count).putLong(0);
            items.add(new Item(bytes(random, header), content));
        }
        return new Call(round, thread, number, stream, items);
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
        return noise;
    }
}
