package dev.streamwal.examples.gateway;

import dev.streamwal.StreamWal;
import dev.streamwal.WalStats;
import dev.streamwal.error.WalException;
import dev.streamwal.reader.WalReader;
import java.io.PrintStream;
import java.time.Duration;
import java.util.DoubleSummaryStatistics;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Prints now and then how the log is, and a line for each region with what its temperature sensors measured last. On a thread of its own: looking
 * at thousands of streams must not delay appends.
 */
final class Dashboard implements AutoCloseable {
    private static final Duration REST = Duration.ofSeconds(5);

    private final StreamWal wal;
    private final WalReader reader;
    private final PrintStream out;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
    private final ScheduledFuture<?> prints;
    private long lastAppends;
    private long lastNanos = System.nanoTime();

    Dashboard(StreamWal wal, PrintStream out) {
        this(wal, out, REST);
    }

    Dashboard(StreamWal wal, PrintStream out, Duration rest) {
        this.wal = wal;
        this.reader = wal.reader();
        this.out = out;
        this.prints = thread.scheduleWithFixedDelay(this::printIfRead, rest.toMillis(), rest.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** What a scheduled task throws nobody sees, and it isn't called again. */
    private void printIfRead() {
        try {
            print();
        } catch (WalException e) {
            out.println("no table this time: " + e.getMessage());
        }
    }

    synchronized void print() {
        StringBuilder table = new StringBuilder(statistics());
        Sensors.REGIONS.forEach(region -> table.append(latest(region)));
        out.print(table);
    }

    private String statistics() {
        WalStats stats = wal.stats();
        long now = System.nanoTime();
        double perSecond = (stats.appends() - lastAppends) * 1e9 / (now - lastNanos);
        lastAppends = stats.appends();
        lastNanos = now;
        return line("%,.0f records/s, %,d streams, %,d segments, %,d packs, %,d KiB, %s",
                perSecond, stats.streams(), stats.segments(), stats.packs(), stats.bytes() >> 10, wal.health().state());
    }

    private String latest(String region) {
        DoubleSummaryStatistics values = reader.latest(Sensors.temperaturesOf(region)).values().stream()
                .mapToDouble(Sensors::value).summaryStatistics();
        return values.getCount() == 0
                ? line("  %-5s  no temperature", region)
                : line("  %-5s  %,d temperatures from %.1f to %.1f, on average %.1f",
                        region, values.getCount(), values.getMin(), values.getMax(), values.getAverage());
    }

    private static String line(String format, Object... values) {
        return String.format(Locale.ROOT, format + "%n", values);
    }

    /** Waits until a table that is being made is printed. */
    @Override
    public synchronized void close() {
        prints.cancel(false);
        thread.shutdown();
        reader.close();
    }
}
