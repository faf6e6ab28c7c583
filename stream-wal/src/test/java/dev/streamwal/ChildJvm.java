package dev.streamwal;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A second JVM: the one that runs the tests, with their class path. */
public final class ChildJvm {

    private ChildJvm() {}

    /** To be started by the caller; by default its two outputs are pipes. */
    public static ProcessBuilder of(List<String> flags, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.add("-cp");
        command.add(classPath());
        command.add(main.getName());
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        // what they add to a JVM's flags it also announces on standard error
        builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"));
        return builder;
    }

    private static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    /** Runs it to its end, with both outputs in files. */
    public static int run(ProcessBuilder builder, Path output, Path errors) throws IOException, InterruptedException {
        File out = output.toFile();
        File err = errors.toFile();
        Process child = builder.redirectOutput(out).redirectError(err).start();
        try {
            return child.waitFor();
        } finally {
            // where the test's time is up
            child.destroyForcibly();
        }
    }
}
