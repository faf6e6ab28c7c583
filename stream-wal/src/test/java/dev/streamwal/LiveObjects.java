package dev.streamwal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Predicate;

/** Counts this JVM's objects, of those that a full collection leaves. */
public final class LiveObjects {

    private static final int COUNT = 1;
    private static final int CLASS = 3;

    private LiveObjects() {}

    /** @param type which classes, by their full names */
    public static long of(Predicate<String> type) throws IOException, InterruptedException {
        // a file: while this JVM counts, it stands still and reads no pipe, and since JDK 25 it doesn't go on before its answer is read
        Path histogram = Files.createTempFile("histogram", ".txt");
        try {
            Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
            int exit = new ProcessBuilder(jcmd.toString(), Long.toString(ProcessHandle.current().pid()), "GC.class_histogram")
                    .redirectErrorStream(true).redirectOutput(histogram.toFile()).start().waitFor();
            String lines = Files.readString(histogram, StandardCharsets.UTF_8);
            if (exit != 0 || !lines.contains("java.lang.Object")) {
                throw new IOException("counting objects failed: exit=" + exit + ", output=" + lines);
            }
            return lines.lines().map(line -> line.strip().split("\\s+")).filter(words -> words.length > CLASS && type.test(words[CLASS]))
                    .mapToLong(words -> Long.parseLong(words[COUNT])).sum();
        } finally {
            Files.delete(histogram);
        }
    }
}
