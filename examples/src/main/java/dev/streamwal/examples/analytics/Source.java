package dev.streamwal.examples.analytics;

import dev.streamwal.SampleStream;
import dev.streamwal.StreamWal;
import dev.streamwal.error.WalException;
import dev.streamwal.reader.Keys;
import java.io.PrintStream;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Simulated services, which append how long each request took, in milliseconds: a stream of samples for each service. */
final class Source {
    static final Keys KEYS = Keys.prefix("latency/");
    private static final int TICK_MILLIS = 20;
    private static final int REST_MILLIS = 1_000;

    private final List<Service> services;
    private final PrintStream out;

    /** A service: its requests a second, and what they usually take. */
    private record Service(SampleStream stream, double perSecond, double usualMillis, Random random) {

        Service(StreamWal wal, String name, double perSecond, double usualMillis) {
            this(wal.samples("latency/" + name), perSecond, usualMillis, new Random(name.hashCode()));
        }

        /** The requests of a tick: most take the usual time, some a multiple of it, and all are slower now and then. */
        void tick(long timestampMillis) {
            double seconds = timestampMillis / 1e3;
            double load = 1 + 0.25 * Math.sin(seconds / 9 + usualMillis);
            double trouble = Math.max(0, Math.sin(seconds / 7 + perSecond) - 0.8) * 6;
            double requests = perSecond * load * TICK_MILLIS / 1e3 + random.nextDouble();
            for (int i = 1; i <= requests; i++) {
                double millis = usualMillis * load * Math.exp(0.45 * random.nextGaussian()) * (1 + trouble * random.nextDouble());
                long unused = stream.append(timestampMillis, millis);
            }
        }
    }

    Source(StreamWal wal, PrintStream out) {
        this.out = out;
        services = List.of(new Service(wal, "search", 220, 38), new Service(wal, "checkout", 60, 120),
                new Service(wal, "login", 90, 22), new Service(wal, "images", 400, 9));
    }

    /** Appends what would have been measured in a span of time that is over, so that there is something to see at once. */
    void catchUp(long fromMillis, long toMillis) {
        for (long timestamp = fromMillis; timestamp < toMillis; timestamp += TICK_MILLIS) {
            tick(timestamp);
        }
    }

    /** Until the thread is interrupted. What the log doesn't take, as on a full disk, is lost; what comes later may be taken again. */
    void run() {
        try {
            while (true) {
                TimeUnit.MILLISECONDS.sleep(isTaken(System.currentTimeMillis()) ? TICK_MILLIS : REST_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isTaken(long timestampMillis) {
        try {
            tick(timestampMillis);
            return true;
        } catch (WalException e) {
            out.println("not appended: " + e.getMessage());
            return false;
        }
    }

    private void tick(long timestampMillis) {
        services.forEach(service -> service.tick(timestampMillis));
    }
}
