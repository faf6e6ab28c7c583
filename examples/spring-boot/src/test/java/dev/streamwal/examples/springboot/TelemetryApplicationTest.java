package dev.streamwal.examples.springboot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The application in a JVM of its own, twice. */
class TelemetryApplicationTest {
    private static final int PATIENCE_SECONDS = 120;

    @TempDir
    Path folder;

    @Test
    void application_goesOnWhereItsLastRunEnded() throws Exception {
        assertThat(run()).contains("health  UP {state=OK").contains("metrics streamwal.appends=1001").contains("read    1000 readings of all runs")
                .endsWith("closed");
        assertThat(run()).contains("metrics streamwal.appends=1001").contains("read    2000 readings of all runs").endsWith("closed");
    }

    private String run() throws IOException, InterruptedException {
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", classPath,
                TelemetryApplication.class.getName(), "--streamwal.directory=" + folder.resolve("log"));
        // what they add to a JVM's flags it also announces on standard error
        builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH"));
        Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        try {
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as("it ends by itself").isTrue();
        } finally {
            process.destroyForcibly();
        }
        String printed = Files.readString(out).strip();
        System.out.println(printed);
        assertThat(err).isEmptyFile();
        assertThat(process.exitValue()).isZero();
        return printed;
    }
}
