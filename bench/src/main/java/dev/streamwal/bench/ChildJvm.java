package dev.streamwal.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts a process of its own for a benchmark: this JDK, this class path. */
public final class ChildJvm {

    private ChildJvm() {}

    public static ProcessBuilder of(Class<?> main, List<String> flags, String... arguments) {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx1g"));
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true);
    }
}
