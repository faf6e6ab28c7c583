package dev.streamwal.examples.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.Durability;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.SweepResult;
import dev.streamwal.WalOptions;
import dev.streamwal.examples.TemporaryFolder;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Collects a reading a second of each of 20,000 sensors, keeps each kind of them for a time of its own, and has another process ship them. The
 * shipper is killed; the log is closed, and opened again with a shorter retention; the shipper goes on. In the end each reading is one that was
 * shipped or one that the shipper reports as lost.
 */
@Command(name = "gateway", mixinStandardHelpOptions = true, description = "Collects simulated readings, shows and ships them.")
public final class Gateway implements Callable<Integer> {
    private static final Duration WINDOW = Duration.ofSeconds(5);
    private static final Duration SHORT = Duration.ofSeconds(5);
    private static final Duration LONG = Duration.ofHours(1);
    private static final Duration YEARS = Duration.ofDays(3_650);

    @Option(names = "--seconds", description = "How long each of three parts collects (default: ${DEFAULT-VALUE}).")
    private int seconds = 20;

    @Option(names = "--sensors", description = "How many there are (default: ${DEFAULT-VALUE}).")
    private int sensorCount = 20_000;

    @Option(names = "--metrics-port", description = "Where Prometheus finds the metrics, as http://localhost:<port>/metrics (default: nowhere).")
    private @Nullable Integer metricsPort;

    @Option(names = "--directory", description = "Where the log and what was shipped go (default: a temporary directory, which is deleted).")
    private @Nullable Path directory;

    private final PrintStream out;

    Gateway(PrintStream out) {
        this.out = out;
    }

    public static void main(String[] args) {
        int exitCode = new CommandLine(new Gateway(System.out)).execute(args);
        if (exitCode != 0) {
            System.exit(exitCode);
        }
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (directory != null) {
            return run(directory);
        }
        try (TemporaryFolder temporary = new TemporaryFolder()) {
            return run(temporary.path());
        }
    }

    /** The first pattern that matches a key counts. Times are short, so that a run of a minute shows what they do. */
    private static WalOptions options(Duration powerRetention, Duration sweepInterval) {
        StreamOptions audit = StreamOptions.builder().retention(YEARS).durability(Durability.IMMEDIATE).build();
        StreamOptions temperature = StreamOptions.builder().window(WINDOW).retention(SHORT).build();
        StreamOptions power = StreamOptions.builder().window(WINDOW).retention(powerRetention)
                .retainFor(Shipper.NAME, 1 << 20, Duration.ofDays(1)) // 1 MiB of each stream
                .build();
        return WalOptions.builder()
                .streams("audit/*", audit)
                .streams("sensor/temperature/*", temperature)
                .streams("sensor/power/*", power)
                .sweepInterval(sweepInterval)
                .build();
    }

    private int run(Path home) throws IOException, InterruptedException {
        Path log = home.resolve("log");
        Path target = home.resolve("shipped");
        Sensors sensors = new Sensors(sensorCount);
        List<EntryRef> appended = new ArrayList<>(collectAndKillTheShipper(sensors, log, target));
        appended.addAll(collectWithShorterRetention(sensors, log, target));
        Delivery.Account account = Delivery.read(target).account(appended);
        say("%,d readings appended = %,d shipped + %,d lost + %,d missing",
                account.appended(), account.shipped(), account.lost(), account.missing());
        return account.missing() == 0 ? 0 : 1;
    }

    private List<EntryRef> collectAndKillTheShipper(Sensors sensors, Path log, Path target) throws IOException, InterruptedException {
        List<EntryRef> appended = new ArrayList<>();
        try (StreamWal wal = StreamWal.open(log, options(LONG, Duration.ofSeconds(1))); Dashboard dashboard = new Dashboard(wal, out);
                MetricsEndpoint metrics = metrics(wal)) {
            tell(metrics);
            audit(wal, "start, power is kept for " + LONG);
            makeShipperKnown(wal);
            Process shipper = Shipper.start(log, target);
            appended.addAll(sensors.collect(wal, seconds));
            shipper.destroyForcibly().waitFor();
            audit(wal, "shipper killed");
            appended.addAll(sensors.collect(wal, seconds));
            dashboard.print();
            audit(wal, "stop");
        }
        return appended;
    }

    /**
     * Sweeps by hand only: a consumer is told that all of a stream has gone when the stream comes again, and after the last reading none does.
     * For the same reason each stream has a new reading before anything is deleted.
     */
    private List<EntryRef> collectWithShorterRetention(Sensors sensors, Path log, Path target) throws IOException, InterruptedException {
        List<EntryRef> appended = new ArrayList<>();
        try (StreamWal wal = StreamWal.open(log, options(SHORT, Duration.ZERO)); Dashboard dashboard = new Dashboard(wal, out);
                MetricsEndpoint metrics = metrics(wal)) {
            tell(metrics);
            audit(wal, "start, power is kept for " + SHORT);
            appended.addAll(sensors.collect(wal, 1));
            applyRetention(wal);
            appended.addAll(sensors.collect(wal, seconds));
            Shipper.start(log, target).waitFor();
            applyRetention(wal);
            dashboard.print();
            audit(wal, "stop");
        }
        return appended;
    }

    private @Nullable MetricsEndpoint metrics(StreamWal wal) throws IOException {
        return metricsPort == null ? null : new MetricsEndpoint(wal, metricsPort);
    }

    private void tell(@Nullable MetricsEndpoint metrics) {
        if (metrics != null) {
            say("metrics at %s", metrics.address());
        }
    }

    /** Returns when the record is on the disk, since the stream's durability says so. */
    private void audit(StreamWal wal, String event) {
        wal.stream("audit/gateway").append(event.getBytes(UTF_8));
        say(event);
    }

    /** A new consumer begins with the oldest record that it finds, and is told what it loses from then on: so it is made before the first one. */
    private static void makeShipperKnown(StreamWal wal) {
        try (WalReader reader = wal.reader()) {
            reader.consumer(Shipper.NAME, Shipper.KEYS).close();
        }
    }

    private void applyRetention(StreamWal wal) {
        SweepResult result = wal.applyRetention(Keys.prefix("sensor/power/"));
        say("retention applied: %,d segments deleted, %,d held for the shipper", result.deletedSegments(), result.heldSegments());
    }

    private void say(String format, Object... values) {
        out.printf(Locale.ROOT, "-- " + format + "%n", values);
    }
}
