package dev.streamwal.examples.s3;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStats;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import java.io.PrintStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A month of readings of 50 meters, in time-lapse, kept for a year. About the last week stays on this machine's disk, as a 32nd of the year, eleven days, goes
 * when it is over and merged; what is older goes to a bucket, and is read from there.
 *
 * <pre>
 *   mvn -q compile exec:exec@run -pl examples/s3 -am -Dexec.args="log s3://my-bucket/meters/"
 *   mvn -q compile exec:exec@run -pl examples/s3 -am -Dexec.args="log s3x://store.example:9000/my-bucket/meters/"
 * </pre>
 *
 * The second is a store that isn't AWS's. The credentials are where AWS's clients look for them, as in {@code AWS_ACCESS_KEY_ID}, and never in the URI.
 */
public final class MonthInBucket {

    private static final int METERS = 50;
    private static final int DAYS = 30;
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration STEP = Duration.ofMinutes(15);

    private MonthInBucket() {}

    /** @param args the log's directory, and the tier's folder, as a URI */
    public static void main(String[] args) {
        BucketReads.tune();
        Path log = Path.of(args[0]);
        Path tier = Path.of(URI.create(args[1]));
        write(log, tier, System.out);
        read("with the log", WalReader.open(log, ReaderOptions.builder().tier(tier).build()), System.out);
        read("with the bucket alone", WalReader.openTier(tier), System.out);
    }

    private static void write(Path log, Path tier, PrintStream out) {
        AtomicReference<Instant> now = new AtomicReference<>(BEGIN);
        WalOptions options = WalOptions.builder()
                .retention(Duration.ofDays(365)).window(Duration.ofHours(6))
                .tier(tier).tierAfter(Duration.ofDays(1))
                .sweepInterval(Duration.ZERO)   // in time-lapse this program says when; else the log does it by itself
                .clock(now::get)
                .build();
        try (StreamWal wal = StreamWal.open(log, options)) {
            Instant end = BEGIN.plus(Duration.ofDays(DAYS));
            for (Instant step = BEGIN; step.isBefore(end); step = step.plus(STEP)) {
                now.set(step);
                for (int meter = 0; meter < METERS; meter++) {
                    wal.stream(key(meter)).append(step.toEpochMilli(), reading(meter, step));
                }
            }
            now.set(end);
            int packed = wal.pack();
            int moved = wal.moveToTier();
            WalStats stats = wal.stats();
            out.printf(Locale.ROOT, "%d segments packed, %d packs moved; packs in the bucket: %d, of all: %d%n", packed, moved, stats.tieredPacks(), stats.packs());
        }
    }

    private static void read(String how, WalReader opened, PrintStream out) {
        Instant noon = BEGIN.plus(Duration.ofHours(36));
        try (WalReader reader = opened; EntryCursor hour = reader.scan(key(7), noon, noon.plus(Duration.ofHours(1)))) {
            int readings = 0;
            while (hour.next()) {
                readings++;
            }
            out.printf(Locale.ROOT, "%s: readings of one meter in an hour of the second day: %d%n", how, readings);
        }
    }

    private static String key(int meter) {
        return "meter/" + meter;
    }

    private static byte[] reading(int meter, Instant time) {
        return ByteBuffer.allocate(Double.BYTES).putDouble(meter + time.getEpochSecond() % 86_400 / 900.0).array();
    }
}
