package dev.streamwal.examples;

import dev.streamwal.examples.TelemetrySource.Sink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Linux' figures of the machine, from /proc. Figures that a kernel or a container hides are left out. */
final class LinuxSource implements TelemetrySource {
    private static final Path PROC = Path.of("/proc");
    private static final Path BLOCK_DEVICES = Path.of("/sys/block");
    private static final Pattern BLANKS = Pattern.compile("[\\s:]+");
    private static final int SECTOR_BYTES = 512; // in diskstats, whatever the device's own are

    private static final Map<String, String> MEMORY_KEYS = Map.of(
            "MemAvailable", "available", "MemFree", "free", "Cached", "cached", "Buffers", "buffers",
            "Dirty", "dirty", "Mapped", "mapped", "Slab", "slab", "SwapFree", "swap-free");
    private static final Map<String, String> PAGE_KEYS =
            Map.of("pgfault", "faults", "pgmajfault", "major-faults", "pgpgin", "in", "pgpgout", "out");
    private static final Map<String, String> TASK_KEYS =
            Map.of("procs_running", "machine/tasks/running", "procs_blocked", "machine/tasks/blocked");
    private static final Map<String, String> EVENT_KEYS =
            Map.of("ctxt", "machine/context-switches", "intr", "machine/interrupts", "processes", "machine/forks");

    private final CounterRates rates = new CounterRates();
    private final Map<String, CpuTimes> cpus = new HashMap<>();

    static boolean isAvailable() {
        return Files.isReadable(PROC.resolve("stat"));
    }

    @Override
    public void sample(Sink sink) {
        lines("stat").forEach(line -> stat(line, sink));
        lines("loadavg").forEach(line -> load(line, sink));
        lines("meminfo").forEach(line -> memory(line, sink));
        lines("vmstat").forEach(line -> pages(line, sink));
        lines("diskstats").forEach(line -> disk(line, sink));
        lines("net/dev").stream().skip(2).forEach(line -> network(line, sink)); // two lines of headings
    }

    private void stat(String[] line, Sink sink) {
        String name = line[0];
        if (name.startsWith("cpu")) {
            cpu(line, sink);
        } else if (TASK_KEYS.containsKey(name)) {
            sink.put(TASK_KEYS.get(name), count(line[1]));
        } else if (EVENT_KEYS.containsKey(name)) {
            rates.put(EVENT_KEYS.get(name), count(line[1]), sink);
        }
    }

    private void cpu(String[] line, Sink sink) {
        String cpu = line[0].equals("cpu") ? "all" : line[0].substring("cpu".length());
        CpuTimes now = CpuTimes.of(line);
        CpuTimes before = cpus.put(cpu, now);
        if (before == null || now.total() <= before.total()) {
            return;
        }
        double percent = 100.0 / (now.total() - before.total());
        sink.put("machine/cpu/" + cpu + "/busy", (now.busy() - before.busy()) * percent);
        if (cpu.equals("all")) {
            sink.put("machine/cpu/all/user", (now.user - before.user) * percent);
            sink.put("machine/cpu/all/system", (now.system - before.system) * percent);
            sink.put("machine/cpu/all/io-wait", (now.ioWait - before.ioWait) * percent);
            sink.put("machine/cpu/all/steal", (now.steal - before.steal) * percent);
        }
    }

    private void load(String[] line, Sink sink) {
        sink.put("machine/load/1-minute", Double.parseDouble(line[0]));
        sink.put("machine/load/5-minutes", Double.parseDouble(line[1]));
        sink.put("machine/load/15-minutes", Double.parseDouble(line[2]));
        sink.put("machine/tasks/all", count(line[3].substring(line[3].indexOf('/') + 1)));
    }

    private void memory(String[] line, Sink sink) {
        String key = MEMORY_KEYS.get(line[0]);
        if (key != null) {
            sink.put("machine/memory/" + key, count(line[1]) * 1024);
        }
    }

    private void pages(String[] line, Sink sink) {
        String key = PAGE_KEYS.get(line[0]);
        if (key != null) {
            rates.put("machine/pages/" + key, count(line[1]), sink);
        }
    }

    private void disk(String[] line, Sink sink) {
        String device = line[2];
        boolean neverUsed = line[3].equals("0") && line[7].equals("0");
        boolean partition = !Files.exists(BLOCK_DEVICES.resolve(device));
        if (neverUsed || partition) {
            return;
        }
        String key = "machine/disk/" + device;
        rates.put(key + "/reads", count(line[3]), sink);
        rates.put(key + "/read-bytes", count(line[5]) * SECTOR_BYTES, sink);
        rates.put(key + "/writes", count(line[7]), sink);
        rates.put(key + "/written-bytes", count(line[9]) * SECTOR_BYTES, sink);
    }

    private void network(String[] line, Sink sink) {
        boolean neverUsed = line[1].equals("0") && line[9].equals("0");
        if (neverUsed) {
            return;
        }
        String key = "machine/network/" + line[0];
        rates.put(key + "/received-bytes", count(line[1]), sink);
        rates.put(key + "/received-packets", count(line[2]), sink);
        rates.put(key + "/sent-bytes", count(line[9]), sink);
        rates.put(key + "/sent-packets", count(line[10]), sink);
    }

    private static List<String[]> lines(String file) {
        try {
            return Files.readAllLines(PROC.resolve(file)).stream()
                    .map(line -> BLANKS.split(line.strip(), -1))
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    private static long count(String text) {
        return Long.parseLong(text);
    }

    /** Times since the machine started, in the kernel's ticks. */
    private record CpuTimes(long user, long system, long idle, long ioWait, long steal) {
        /** The columns: cpu, user, nice, system, idle, iowait, irq, softirq, steal. */
        static CpuTimes of(String[] line) {
            return new CpuTimes(
                    count(line[1]) + count(line[2]),
                    count(line[3]) + count(line[6]) + count(line[7]),
                    count(line[4]),
                    count(line[5]),
                    count(line[8]));
        }

        long busy() {
            return user + system + steal;
        }

        long total() {
            return busy() + idle + ioWait;
        }
    }
}
