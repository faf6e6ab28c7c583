package dev.streamwal.examples.queue;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.SweepResult;
import dev.streamwal.WalOptions;
import dev.streamwal.examples.ChildJvm;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * A topic of four partitions. Two workers of the group "billing" share it; one is killed, and the other one takes over. The group "archive" comes when
 * all messages have expired, and still gets each: they are kept for it.
 */
public final class MessageQueue {
    private static final Topic ORDERS = new Topic("orders", 4);
    private static final String BILLING = "billing";
    private static final String ARCHIVE = "archive";
    private static final int MESSAGES = 1_000;
    private static final int CUSTOMERS = 100;
    private static final Duration RETENTION = Duration.ofSeconds(1);
    private static final Duration WINDOW = Duration.ofSeconds(1);

    private final Path home;
    private final Path log;
    private final PrintStream out;

    private MessageQueue(Path home, PrintStream out) {
        this.home = home;
        this.log = home.resolve("log");
        this.out = out;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        Path home = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("stream-wal-");
        new MessageQueue(home, System.out).run();
    }

    /**
     * Messages are kept for a second, so that a short run shows what retention does, and beyond that, for a day and up to 16 MiB a partition, until
     * both groups have committed them. Swept by hand.
     */
    private static WalOptions options() {
        WalOptions.Builder options = WalOptions.builder().sweepInterval(Duration.ZERO);
        for (int partition = 0; partition < ORDERS.partitions(); partition++) {
            options.streams(ORDERS.key(partition), StreamOptions.builder().window(WINDOW).retention(RETENTION)
                    .retainFor(ORDERS.consumer(BILLING, partition), 16 << 20, Duration.ofDays(1))
                    .retainFor(ORDERS.consumer(ARCHIVE, partition), 16 << 20, Duration.ofDays(1))
                    .build());
        }
        return options.build();
    }

    private void run() throws IOException, InterruptedException {
        line("log", "%s", log);
        try (StreamWal wal = StreamWal.open(log, options())) {
            makeKnown(wal, BILLING);
            makeKnown(wal, ARCHIVE);
            send(wal, 0, MESSAGES / 2);
            bill(wal);
            TimeUnit.MILLISECONDS.sleep(WINDOW.plus(RETENTION).toMillis() + 100); // now every message has expired
            sweep(wal);
            Process archive = startWorker(ARCHIVE, 1, ORDERS.partitions());
            finish(wal, ARCHIVE, archive);
            sweep(wal);
        }
        report(BILLING);
        report(ARCHIVE);
    }

    /** A group is told what it loses from then on: so it is made before the first message. */
    private static void makeKnown(StreamWal wal, String group) {
        try (WalReader reader = wal.reader()) {
            for (int partition = 0; partition < ORDERS.partitions(); partition++) {
                reader.consumer(ORDERS.consumer(group, partition), ORDERS.keys(partition)).close();
            }
        }
    }

    private void send(StreamWal wal, int from, int to) {
        for (int i = from; i < to; i++) {
            String customer = "customer-" + i % CUSTOMERS;
            EntryRef unused = ORDERS.send(wal, customer, (customer + " order-" + i).getBytes(UTF_8));
        }
        line("sent", "%,d messages", to - from);
    }

    private void bill(StreamWal wal) throws IOException, InterruptedException {
        Process first = startWorker(BILLING, 1, ORDERS.partitions() / 2);
        Process second = startWorker(BILLING, 2, ORDERS.partitions() / 2);
        try {
            while (Deliveries.read(home, BILLING).count() < MESSAGES / 10) {
                ChildJvm.requireRunning(first);
                ChildJvm.requireRunning(second);
                TimeUnit.MILLISECONDS.sleep(20);
            }
            first.destroyForcibly().waitFor();
            line("billing", "worker 1 killed");
            send(wal, MESSAGES / 2, MESSAGES);
            finish(wal, BILLING, second);
        } finally {
            first.destroyForcibly().waitFor();
            second.destroyForcibly().waitFor();
        }
    }

    private Process startWorker(String group, int number, int share) throws IOException {
        Path done = Deliveries.file(home, group, number);
        return ChildJvm.reader(Worker.class, log, ORDERS.name(), ORDERS.partitions(), group, share, done).inheritIO().start();
    }

    /** Waits until the group has committed every message. */
    private void finish(StreamWal wal, String group, Process worker) throws InterruptedException {
        try (WalReader reader = wal.reader()) {
            long[] lags = lags(reader, group);
            while (LongStream.of(lags).sum() > 0) {
                ChildJvm.requireRunning(worker);
                line(group, "behind, by partition: %s bytes", Arrays.toString(lags));
                TimeUnit.MILLISECONDS.sleep(300);
                lags = lags(reader, group);
            }
        } finally {
            worker.destroyForcibly().waitFor();
        }
    }

    private static long[] lags(WalReader reader, String group) {
        return IntStream.range(0, ORDERS.partitions())
                .mapToLong(partition -> reader.consumerLags(ORDERS.consumer(group, partition)).get(0).behindBytes())
                .toArray();
    }

    private void sweep(StreamWal wal) {
        SweepResult result = wal.sweep();
        line("sweep", "%d segments deleted, %d have expired and are held for a group", result.deletedSegments(), result.heldSegments());
    }

    private void report(String group) throws IOException {
        Deliveries deliveries = Deliveries.read(home, group);
        line(group, "%,d of %,d messages, %,d of them twice, %,d lost, %,d out of order",
                deliveries.count(), MESSAGES, deliveries.twice(), deliveries.lost(), deliveries.outOfOrder());
    }

    private void line(String name, String format, Object... values) {
        out.printf(Locale.ROOT, "%-8s %s%n", name, String.format(Locale.ROOT, format, values));
    }
}
