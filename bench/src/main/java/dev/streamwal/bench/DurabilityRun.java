package dev.streamwal.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Compares durable appends: in every round, for every number of streams and every load, each contender runs in turn. All contenders of a number of
 * streams stay open meanwhile; the waiting ones do nothing. Writes {@code <results>/<date>-<machine>-durability.md}, medians, and {@code .csv}, every
 * run.
 */
final class DurabilityRun {

    private static final int ROUNDS = 3;
    private static final double SECONDS = 1;
    private static final double QUICK_SECONDS = 0.05;
    /** The part of a load's length that it runs before it counts. */
    private static final double WARM_UP = 0.25;
    private static final int[] THREADS = {1, 4, 16, 64, 256};

    private final List<DurableContender> contenders;
    private final List<DurabilityResult> results = new ArrayList<>();
    private int rounds = ROUNDS;
    private double seconds = SECONDS;
    private boolean quick;
    private Path out = Path.of("bench/results");
    private List<Integer> streamCounts = List.of(1, 100, 10_000);
    private String only = ".*";

    DurabilityRun(List<DurableContender> contenders, String[] args) {
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--rounds" -> rounds = Integer.parseInt(args[++i]);
                case "--seconds" -> seconds = Double.parseDouble(args[++i]);
                case "--out" -> out = Path.of(args[++i]);
                case "--streams" -> streamCounts = Stream.of(args[++i].split(",")).map(Integer::valueOf).toList();
                case "--only" -> only = args[++i];
                case "--quick" -> {
                    quick = true;
                    rounds = 1;
                    seconds = QUICK_SECONDS;
                }
                default -> throw new IllegalArgumentException("not an option of this run: " + args[i]);
            }
        }
        this.contenders = contenders.stream().filter(contender -> contender.name().matches(only)).toList();
    }

    void run() throws Exception {
        Files.createDirectories(BenchFolder.root());
        BenchFolder.deleteLeftovers();
        try {
            if (!quick) {
                BenchFolder.warmMemory();
                round(0, QUICK_SECONDS);
                results.clear();
            }
            for (int i = 1; i <= rounds; i++) {
                round(i, seconds);
            }
        } finally {
            BenchFolder.deleteLeftovers();
        }
        write();
    }

    private static List<DurableLoad> loads() {
        List<DurableLoad> loads = new ArrayList<>();
        for (int threads : THREADS) {
            loads.add(new DurableLoad(DurableLoad.Kind.THREADS, threads));
        }
        if (DurableLoad.hasVirtualThreads()) {
            for (int threads : THREADS) {
                loads.add(new DurableLoad(DurableLoad.Kind.VIRTUAL_THREADS, threads));
            }
        }
        loads.add(new DurableLoad(DurableLoad.Kind.IN_FLIGHT, DurableLoad.IN_FLIGHT));
        return loads;
    }

    private void round(int round, double seconds) throws Exception {
        for (int streams : streamCounts) {
            System.out.println("== round " + round + " of " + rounds + ", streams: " + streams);
            Map<DurableContender, DurableLog> open = new LinkedHashMap<>();
            try {
                for (DurableContender contender : contenders) {
                    Path folder = BenchFolder.root().resolve("durable-" + contender.folderName() + '-' + streams);
                    open.put(contender, contender.opener().open(folder, streams));
                }
                for (DurableLoad load : loads()) {
                    point(round, streams, load, open, seconds);
                }
            } finally {
                for (DurableLog log : open.values()) {
                    log.close();
                }
            }
        }
    }

    /** The first contender changes from round to round: what one leaves for the kernel to write may delay the next one. */
    private void point(int round, int streams, DurableLoad load, Map<DurableContender, DurableLog> open, double seconds) throws Exception {
        for (int i = 0; i < contenders.size(); i++) {
            DurableContender contender = contenders.get((i + round) % contenders.size());
            DurableLog log = open.get(contender);
            if (log == null || !contender.takes(load)) {
                continue;
            }
            BenchFolder.settle();
            load.run(log, streams, nanos(seconds * WARM_UP));
            DurableLoad.Sample sample = load.run(log, streams, nanos(seconds));
            DurabilityResult result = new DurabilityResult(round, streams, load, contender.name(), sample);
            results.add(result);
            System.out.println(result.csv());
        }
    }

    private static long nanos(double seconds) {
        return (long) (seconds * 1e9);
    }

    private void write() throws IOException {
        Machine machine = Machine.describe(BenchFolder.root());
        String name = LocalDate.now(ZoneOffset.UTC) + "-" + machine.shortName() + "-durability";
        Files.createDirectories(out);
        Path csv = out.resolve(name + ".csv");
        Files.write(csv, Stream.concat(Stream.of(DurabilityResult.CSV_HEADER), results.stream().map(DurabilityResult::csv)).toList());
        Path table = out.resolve(name + ".md");
        String how = String.format(Locale.ROOT, "%d %s, %.2f s a run after a quarter of that to warm up", rounds,
                rounds == 1 ? "round" : "alternating rounds", seconds);
        List<String> names = contenders.stream().map(DurableContender::name).toList();
        Files.writeString(table, new DurabilityTable(names, results).text(machine, how, quick));
        System.out.println(Files.readString(table));
        System.out.println("written: " + csv + ", " + table);
    }
}
