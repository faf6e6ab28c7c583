package dev.streamwal.bench.compare;

import dev.streamwal.bench.BenchFolder;
import dev.streamwal.bench.DelayChild;
import dev.streamwal.bench.DelayContender;
import dev.streamwal.bench.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The same work on this log and on others. {@code bench/run compare} calls it:
 *
 * <pre>
 *   bench/run compare [--quick | --tiny] [--rounds n] [--only regex of cells] [--contenders regex] [--note text] [--out folder]
 * </pre>
 *
 * <p>Writes {@code <results>/<date>-<machine>-compare….md}, {@code .json} and {@code .png}. It is the main class of the contenders' processes as well.
 */
public final class Comparison {

    private Comparison() {}

    public static void main(String[] args) throws Exception {
        if (args.length > 0 && args[0].equals(ContenderProcess.CHILD)) {
            child(args);
            // some contenders have threads that don't end
            System.exit(0);
        }
        if (args.length > 0 && (args[0].equals(DelayChild.WRITE) || args[0].equals(DelayChild.READ))) {
            DelayChild.run(args[0], follower(args[1]), Path.of(args[2]));
            System.exit(0);
        }
        SelfCheck.run();
        CompareOptions options = CompareOptions.of(args);
        Plan plan = Plan.of(options.length());
        BenchFolder.deleteLeftovers();
        Runtime.getRuntime().addShutdownHook(new Thread(BenchFolder::deleteLeftovers));
        Measurements measurements = measure(options, plan);
        write(options, plan, measurements);
        boolean failed = measurements.reasons().stream().anyMatch(reason -> reason.text().startsWith("failed"));
        System.exit(failed ? 1 : 0);
    }

    private static DelayContender follower(String name) {
        DelayContender follower = Contenders.named(name).follower();
        if (follower == null) {
            throw new IllegalArgumentException("not followed: contender=" + name);
        }
        return follower;
    }

    private static void child(String[] args) throws Exception {
        Contender contender = Contenders.named(args[1]);
        Length length = Length.valueOf(args[2]);
        Plan plan = Plan.of(length);
        Answers answers = new Answers(System.out);
        for (String name : Arrays.asList(args).subList(4, args.length)) {
            Cell cell = plan.named(name);
            // appends each begin with an empty log
            Path folder = Path.of(args[3]);
            if (cell instanceof AppendCell) {
                BenchFolder.delete(folder);
            }
            Files.createDirectories(folder);
            try {
                cell.run(contender, folder, length, answers);
                answers.done();
            } catch (Cannot cannot) {
                answers.cannot(cell, cannot.reason());
            }
        }
    }

    private static Measurements measure(CompareOptions options, Plan plan) throws IOException, InterruptedException {
        Measurements measurements = new Measurements();
        List<Contender> contenders = Contenders.all().stream().filter(contender -> contender.name().matches(options.contenders())).toList();
        Files.createDirectories(BenchFolder.root());
        if (options.length() == Length.FULL) {
            BenchFolder.warmMemory();
        }
        long start = System.nanoTime();
        for (int round = 1; round <= options.rounds(); round++) {
            int turn = round;
            for (Plan.Group group : plan.groups()) {
                // who begins changes: what one leaves for the kernel to write delays the next one
                for (int i = 0; i < contenders.size(); i++) {
                    group(contenders.get((i + turn) % contenders.size()), group, options, round, measurements);
                    // a run that is ended leaves what it has
                    writeFigures(options, measurements);
                }
                turn++;
            }
        }
        System.out.printf(Locale.ROOT, "measured in %.0f s%n", (System.nanoTime() - start) / 1e9);
        return measurements;
    }

    private static void group(Contender contender, Plan.Group group, CompareOptions options, int round, Measurements measurements)
            throws IOException, InterruptedException {
        Path folder = BenchFolder.fresh(contender.folderName());
        ContenderProcess process = new ContenderProcess(contender, options.length(), folder);
        try {
            for (List<Cell> all : group.processes()) {
                List<Cell> cells = all.stream().filter(cell -> cell instanceof LoadCell || cell.name().matches(options.only())).toList();
                List<Cell> possible = cells.stream().filter(cell -> measurements.reason(contender.name(), cell.name()).isEmpty()).toList();
                if (group.processes().stream().flatMap(List::stream).noneMatch(cell -> cell.name().matches(options.only())) || possible.isEmpty()) {
                    continue;
                }
                long start = System.nanoTime();
                BenchFolder.settle();
                process.run(possible, round, measurements);
                System.out.printf(Locale.ROOT, "round %d, %s: %s%s, %.1f s%n", round, contender.name(), possible.get(0).name(),
                        possible.size() == 1 ? "" : " and " + (possible.size() - 1) + " more", (System.nanoTime() - start) / 1e9);
            }
        } finally {
            BenchFolder.delete(folder);
        }
    }

    private static String name(Machine machine, CompareOptions options) {
        return LocalDate.now(ZoneOffset.UTC) + "-" + machine.shortName() + "-compare"
                + (options.length() == Length.FULL ? "" : "-" + options.length().name().toLowerCase(Locale.ROOT));
    }

    private static void writeFigures(CompareOptions options, Measurements measurements) throws IOException {
        Machine machine = Machine.describe(BenchFolder.root());
        Files.createDirectories(options.out());
        Files.writeString(options.out().resolve(name(machine, options) + ".json"), CompareJson.of(machine, options, measurements));
    }

    private static void write(CompareOptions options, Plan plan, Measurements measurements) throws IOException {
        Machine machine = Machine.describe(BenchFolder.root());
        String name = name(machine, options);
        List<String> charts = new CompareCharts(plan, measurements, Contenders.all()).write(options.out(), name);
        Path page = options.out().resolve(name + ".md");
        Files.write(page, new ComparePage(plan, measurements, Contenders.all()).lines(machine, options, charts));
        System.out.println("written: " + page);
    }
}
