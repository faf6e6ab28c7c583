package dev.streamwal.bench.compare;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What this process, and a folder, take. */
final class Usage {

    private static final double MB = 1 << 20;

    private Usage() {}

    /** Of all threads so far. */
    static long cpuNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    /** Tells what memory is in use. */
    static void memory(Cell cell, Answers answers) throws IOException {
        answers.value(cell, Metric.RSS_MB, status("VmRSS:"));
        answers.value(cell, Metric.ANONYMOUS_MB, status("RssAnon:"));
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        answers.value(cell, Metric.HEAP_MB, (runtime.totalMemory() - runtime.freeMemory()) / MB);
    }

    private static double status(String name) throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith(name)).mapToDouble(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024.0).findFirst().orElseThrow();
        }
    }

    /** Blocks of the file system: files with holes take less than their length. */
    static long diskBytes(Path folder) throws IOException, InterruptedException {
        Process du = new ProcessBuilder("du", "-s", "--block-size=1", folder.toString()).redirectErrorStream(true).start();
        String said = new String(du.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (du.waitFor() != 0) {
            throw new IOException("du failed: " + said);
        }
        return Long.parseLong(said.split("\\s")[0]);
    }

    static int files(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            return (int) all.filter(Files::isRegularFile).count();
        } catch (IOException | UncheckedIOException e) {
            // some were deleted while they were counted
            return 0;
        }
    }
}
