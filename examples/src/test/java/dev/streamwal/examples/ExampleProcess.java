package dev.streamwal.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** An example in a process of its own, as a user starts it: without a flag. */
public final class ExampleProcess {
    private static final int PATIENCE_SECONDS = 120;

    private ExampleProcess() {}

    public static ProcessBuilder onClassPath(Class<?> program, Object... arguments) {
        String classPath = System.getProperty("jdk.module.path") + File.pathSeparator + System.getProperty("java.class.path");
        return java(List.of("--class-path", classPath, program.getName()), arguments);
    }

    public static ProcessBuilder asModule(Class<?> program, Object... arguments) {
        return java(List.of("--module-path", System.getProperty("jdk.module.path"), "--class-path", System.getProperty("java.class.path"),
                "--module", program.getModule().getName() + "/" + program.getName()), arguments);
    }

    private static ProcessBuilder java(List<String> program, Object... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(program);
        Stream.of(arguments).map(Object::toString).forEach(command::add);
        ProcessBuilder builder = new ProcessBuilder(command);
        // what they add to a JVM's flags it also announces on standard error
        builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH"));
        return builder;
    }

    /** Runs a program to its end, which is a good one, and without a word on standard error. Returns what it printed, and prints it, too. */
    public static String output(Path folder, Class<?> program, Object... arguments) throws IOException, InterruptedException {
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        Process process = onClassPath(program, arguments).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        try {
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as("it ends by itself").isTrue();
        } finally {
            process.destroyForcibly();
        }
        String printed = Files.readString(out);
        System.out.print(printed);
        assertThat(err).isEmptyFile();
        assertThat(process.exitValue()).isZero();
        return printed;
    }
}
