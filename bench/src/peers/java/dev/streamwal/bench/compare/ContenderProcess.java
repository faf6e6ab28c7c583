package dev.streamwal.bench.compare;

import dev.streamwal.bench.BenchFolder;
import dev.streamwal.bench.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process in which one contender does some cells. It never outlives the one that has started it. */
final class ContenderProcess {

    /** The first argument of its main class. */
    static final String CHILD = "child";
    private static final int LAST_LINES = 12;

    private final Contender contender;
    private final Length length;
    private final Path folder;

    ContenderProcess(Contender contender, Length length, Path folder) {
        this.contender = contender;
        this.length = length;
        this.folder = folder;
    }

    /** Adds what it measures; a process that fails, or takes too long, leaves a reason with the cells that it didn't finish. */
    void run(List<Cell> cells, int round, Measurements into) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(CHILD, contender.name(), length.name(), folder.toString()));
        cells.forEach(cell -> arguments.add(cell.name()));
        List<String> flags = new ArrayList<>(contender.flags());
        flags.add(BenchFolder.jvmOption());
        Process process = ChildJvm.of(Comparison.class, flags, arguments.toArray(String[]::new)).start();
        Thread ending = new Thread(() -> kill(process));
        Runtime.getRuntime().addShutdownHook(ending);
        try {
            Thread watchdog = watch(process, length.patience.multipliedBy(cells.size()));
            List<String> said = read(process, round, into);
            int status = process.waitFor();
            boolean late = !watchdog.isAlive();
            watchdog.interrupt();
            if (status != 0) {
                explain(cells, late ? "it took longer than " + length.patience.multipliedBy(cells.size()).toMinutes() + " min" : last(said), into);
            }
        } finally {
            kill(process);
            Runtime.getRuntime().removeShutdownHook(ending);
        }
    }

    private static Thread watch(Process process, Duration patience) {
        Thread watchdog = new Thread(() -> {
            try {
                TimeUnit.MILLISECONDS.sleep(patience.toMillis());
                kill(process);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        watchdog.setDaemon(true);
        watchdog.start();
        return watchdog;
    }

    private static void kill(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    /** Returns what wasn't an answer. */
    private List<String> read(Process process, int round, Measurements into) throws IOException {
        List<String> said = new ArrayList<>();
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!Answers.parse(line, round, contender.name(), into)) {
                    said.add(line);
                }
            }
        }
        return said;
    }

    private void explain(List<Cell> cells, String why, Measurements into) {
        System.out.println(contender.name() + " failed: " + why);
        for (Cell cell : cells) {
            boolean done = into.values().stream().anyMatch(value -> value.contender().equals(contender.name()) && value.cell().equals(cell.name()));
            if (!done && into.reason(contender.name(), cell.name()).isEmpty()) {
                into.add(new Measurements.Reason(contender.name(), cell.name(), "failed: " + why.lines().findFirst().orElse("without a word")));
            }
        }
    }

    /** What it died of, and what it said last. */
    private static String last(List<String> said) {
        List<String> lines = new ArrayList<>(said.stream().filter(line -> line.contains("Exception") || line.contains("Error")).limit(1).toList());
        lines.addAll(said.subList(Math.max(0, said.size() - LAST_LINES), said.size()));
        return String.join("\n", lines);
    }
}
