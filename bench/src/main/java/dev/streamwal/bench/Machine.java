package dev.streamwal.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** The machine of a result, without anything that identifies its owner. */
public record Machine(String processor, int cores, String memory, String kernel, String fileSystem, String runtime) {

    public static Machine describe(Path folder) throws IOException {
        return new Machine(
                valueIn("/proc/cpuinfo", "model name", System.getProperty("os.arch", "unknown")),
                Runtime.getRuntime().availableProcessors(),
                totalMemory(),
                System.getProperty("os.name") + ' ' + System.getProperty("os.version"),
                Files.getFileStore(folder).type(),
                System.getProperty("java.vendor") + ' ' + Runtime.version());
    }

    private static String totalMemory() throws IOException {
        String total = valueIn("/proc/meminfo", "MemTotal", "");
        return total.isEmpty() ? "unknown" : Math.round(Long.parseLong(total.replaceAll("\\D", "")) / 1048576.0) + " GiB";
    }

    private static String valueIn(String file, String name, String otherwise) throws IOException {
        Path path = Path.of(file);
        if (!Files.isReadable(path)) {
            return otherwise;
        }
        try (Stream<String> lines = Files.lines(path)) {
            return lines.filter(line -> line.startsWith(name))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(otherwise);
        }
    }

    /** For file names. */
    public String shortName() {
        String words = processor.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
        int major = Runtime.version().feature();
        return (words.length() > 24 ? words.substring(0, 24) : words) + "-" + cores + "-cores-jdk" + major;
    }

    /** The heading of a results file: what was measured, and on what. */
    public List<String> heading(String what, boolean quick) {
        List<String> lines = new ArrayList<>(List.of("# " + shortName() + what, ""));
        if (quick) {
            lines.addAll(List.of("**A test of the benchmarks: these figures say nothing.**", ""));
        }
        lines.addAll(List.of("| | |", "|---|---|"));
        lines.addAll(rows());
        lines.add("");
        return lines;
    }

    private List<String> rows() {
        return List.of("| processor | " + processor + ", " + cores + " cores |", "| memory | " + memory + " |",
                "| kernel | " + kernel + " |", "| file system | " + fileSystem + " |", "| JDK | " + runtime + " |");
    }
}
