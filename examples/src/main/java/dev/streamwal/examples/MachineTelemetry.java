package dev.streamwal.examples;

import static dev.streamwal.examples.Summary.micros;
import static dev.streamwal.examples.Summary.perSecond;
import static dev.streamwal.examples.Summary.seconds;

import dev.streamwal.StreamWal;
import dev.streamwal.SweepResult;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStats;
import dev.streamwal.WriteBatch;
import dev.streamwal.WriteEntry;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.awt.AWTError;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Collects telemetry of its machine for a few seconds, reads it back in every way, and lets it expire. */
@Command(
        name = "machine-telemetry",
        mixinStandardHelpOptions = true,
        description = "Collects telemetry of this machine into a log, reads it back, draws it, and lets it expire.")
public final class MachineTelemetry implements Callable<Integer> {
    // So short that a run of five seconds sees segments expire. A service would take minutes and days.
    private static final Duration WINDOW = Duration.ofSeconds(1);
    private static final Duration RETENTION = Duration.ofSeconds(2);

    private static final int BATCH_READ_REFS = 1_000;
    private static final List<String> SHOWN =
            List.of("machine/cpu/all/busy", "machine/memory/available", "jvm/heap/used", "jvm/threads/live");

    @Option(names = "--seconds", description = "How long to collect (default: ${DEFAULT-VALUE}).")
    private int seconds = 5;

    @Option(names = "--rate", description = "Samples of every key a second (default: ${DEFAULT-VALUE}).")
    private int samplesPerSecond = 10;

    @Option(names = "--directory", description = "Where log and chart go (default: a new temporary directory).")
    private @Nullable Path directory;

    private final Summary summary;

    /** The appended records, and their refs. */
    private record Sample(EntryRef ref, double value) {}

    MachineTelemetry(PrintStream out) {
        summary = new Summary(out);
    }

    public static void main(String[] args) {
        int exitCode = new CommandLine(new MachineTelemetry(System.out)).execute(args);
        if (exitCode != 0) {
            System.exit(exitCode);
        }
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path home = directory != null ? Files.createDirectories(directory) : Files.createTempDirectory("stream-wal-");
        Path root = home.resolve("log");
        WalOptions options = WalOptions.builder()
                .window(WINDOW)
                .retention(RETENTION)
                .sweepInterval(Duration.ZERO) // by hand, below: what is read here would expire meanwhile
                .build();

        try (StreamWal wal = StreamWal.open(root, options)) {
            summary.line("log", "%s", root);
            List<Sample> samples = collect(wal);
            Instant collected = Instant.now();
            describe(wal);
            List<Sample> some = randomSample(samples);
            try (WalReader reader = wal.reader()) {
                readBatch("batch read", reader, some);
                readBatch("again, warm", reader, some);
                readLatest(reader);
                scanOneSecond(reader, timeOf(reader, samples.get(samples.size() / 2)));
                TelemetryChart chart = new TelemetryChart(reader);
                sweep(wal, collected);
                readBatch("after that", reader, some);
                draw(chart, home.resolve("telemetry.png"), expiredBefore(collected));
            }
        }
        return list(root);
    }

    /** What begins in a window that has expired by then is gone: the window's end and the retention have passed. */
    private static Instant expiredBefore(Instant now) {
        long windowMillis = WINDOW.toMillis();
        return Instant.ofEpochMilli(Math.floorDiv(now.minus(RETENTION).toEpochMilli(), windowMillis) * windowMillis);
    }

    /** As "stream-wal ls" in a shell: the command line works on any log, closed or not. */
    private int list(Path root) {
        summary.blank();
        summary.line("command line", "stream-wal ls %s 'log/*' 'machine/cpu/*'", root);
        return summary.command("ls", root.toString(), "log/*", "machine/cpu/*");
    }

    /** Samples at a fixed rate, whatever a sample costs: every round has a deadline, not a pause. */
    private List<Sample> collect(StreamWal wal) throws InterruptedException {
        List<TelemetrySource> sources = TelemetrySource.ofThisMachine();
        RoundSource log = new RoundSource(wal);
        sources.add(log);
        sources.forEach(source -> source.sample((key, value) -> {})); // rates need a first look
        List<Sample> samples = new ArrayList<>();
        int rounds = Math.max(1, seconds * samplesPerSecond);
        long start = System.nanoTime();
        long appendNanos = 0;
        try (Progress progress = new Progress("collecting", rounds)) {
            for (int round = 1; round <= rounds; round++) {
                long deadline = start + round * 1_000_000_000L / samplesPerSecond;
                TimeUnit.NANOSECONDS.sleep(deadline - System.nanoTime());
                int before = samples.size();
                long nanos = appendRound(wal, sources, samples);
                log.appended(samples.size() - before, nanos);
                appendNanos += nanos;
                progress.step();
            }
        }
        long nanos = System.nanoTime() - start;
        summary.line("appends", "%,d in %.1f s: %,.0f a second, %.1f us each (mean, files created included)",
                samples.size(), seconds(nanos), perSecond(samples.size(), nanos), micros(appendNanos) / samples.size());
        return samples;
    }

    /** One sample of everything, in one write over all streams, with one timestamp. */
    private static long appendRound(StreamWal wal, List<TelemetrySource> sources, List<Sample> samples) {
        List<String> keys = new ArrayList<>();
        List<Double> values = new ArrayList<>();
        for (TelemetrySource source : sources) {
            source.sample((key, value) -> {
                keys.add(key);
                values.add(value);
            });
        }
        // after the samples: on a busy machine, looking at it may take longer than these records are kept
        long timestamp = System.currentTimeMillis();
        WriteBatch batch = new WriteBatch();
        for (int i = 0; i < keys.size(); i++) {
            batch.add(keys.get(i), WriteEntry.of(TelemetryValue.encode(values.get(i)), timestamp));
        }
        long start = System.nanoTime();
        List<EntryRef> refs = wal.append(batch);
        long nanos = System.nanoTime() - start;
        for (int i = 0; i < refs.size(); i++) {
            samples.add(new Sample(refs.get(i), values.get(i)));
        }
        return nanos;
    }

    private void describe(StreamWal wal) {
        WalStats stats = wal.stats();
        NavigableSet<String> keys = wal.keys();
        summary.line("streams", "%,d, for example %s", keys.size(), String.join(", ", examples(keys)));
        summary.line("segments", "%,d of %d s each, %,d bytes, %,d mapped, %,d files open",
                stats.segments(), WINDOW.toSeconds(), stats.bytes(), stats.mappedSegments(), stats.openFiles());
    }

    private static List<String> examples(NavigableSet<String> keys) {
        List<String> all = List.copyOf(keys);
        return List.of(all.get(0), all.get(all.size() / 2), all.get(all.size() - 1));
    }

    private static List<Sample> randomSample(List<Sample> samples) {
        List<Sample> shuffled = new ArrayList<>(samples);
        Collections.shuffle(shuffled, new Random(42));
        return shuffled.subList(0, Math.min(BATCH_READ_REFS, shuffled.size()));
    }

    private void readBatch(String name, WalReader reader, List<Sample> samples) {
        List<EntryRef> refs = samples.stream().map(Sample::ref).toList();
        long start = System.nanoTime();
        try (EntryBatch batch = reader.readBatch(refs)) {
            long nanos = System.nanoTime() - start;
            int found = 0;
            int expired = 0;
            int wrong = 0;
            for (int i = 0; i < batch.size(); i++) {
                switch (batch.status(i)) {
                    case FOUND -> {
                        found++;
                        wrong += value(batch.get(i)) == samples.get(i).value ? 0 : 1;
                    }
                    case EXPIRED -> expired++;
                    default -> wrong++;
                }
            }
            summary.line(name, "%,d random refs in %,.0f us: %,d found, %,d expired, %,d not as written",
                    refs.size(), micros(nanos), found, expired, wrong);
        }
    }

    private void readLatest(WalReader reader) {
        NavigableSet<String> keys = reader.keys();
        long start = System.nanoTime();
        Map<String, Entry> latest = reader.latest(keys);
        long nanos = System.nanoTime() - start;
        summary.line("latest values", "of %,d streams in %,.0f us, for example", latest.size(), micros(nanos));
        for (String key : SHOWN) {
            Entry entry = latest.get(key);
            if (entry != null) {
                summary.line("", "%-26s %,.1f at %s", key, value(entry), entry.timestamp());
            }
        }
    }

    private static Instant timeOf(WalReader reader, Sample sample) {
        return Instant.ofEpochMilli(reader.find(sample.ref()).orElseThrow().timestampMillis());
    }

    private void scanOneSecond(WalReader reader, Instant from) {
        long records = 0;
        long start = System.nanoTime();
        for (String key : reader.keys()) {
            try (EntryCursor cursor = reader.scan(key, from, from.plusSeconds(1))) {
                while (cursor.next()) {
                    records++;
                }
            }
        }
        summary.line("time range", "%,d records of one second from %s in %,.0f us",
                records, from, micros(System.nanoTime() - start));
    }

    /** A failure to draw doesn't fail the program: a machine may have no fonts, or a JDK without AWT's libraries. */
    private void draw(TelemetryChart chart, Path file, Instant expired) throws IOException {
        System.setProperty("java.awt.headless", "true");
        try {
            chart.savePng(file, WINDOW, expired);
            summary.line("chart", "%s", file);
        } catch (AWTError | InternalError | LinkageError | RuntimeException e) {
            summary.line("chart", "none, this machine can't draw: %s", e);
        }
    }

    /** Sweeps what had expired when all was collected: something is left, however long reading took. */
    private void sweep(StreamWal wal, Instant collected) {
        Set<String> streams = new HashSet<>();
        long start = System.nanoTime();
        SweepResult result = wal.sweep(collected, segment -> streams.add(segment.key()));
        long nanos = System.nanoTime() - start;
        summary.line("sweep", "deleted %,d segments of %,d streams in %,.0f us, %,d bytes reclaimed, %,d live",
                result.deletedSegments(), streams.size(), micros(nanos),
                result.bytesReclaimed(), result.liveSegments());
    }

    private static double value(Entry entry) {
        return TelemetryValue.decode(entry.content());
    }
}
