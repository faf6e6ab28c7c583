package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@link ChildJvm} that talks by lines, on both of its outputs. Closing it ends it. */
final class TalkingJvm implements AutoCloseable {

    private static final List<String> FLAGS = List.of("-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");
    private static final long PATIENCE_SECONDS = 300;

    private final Process process;
    private final BufferedReader lines;

    private TalkingJvm(ProcessBuilder builder) throws IOException {
        this.process = builder.redirectErrorStream(true).start();
        this.lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    static TalkingJvm start(Class<?> program, String... arguments) throws IOException {
        return new TalkingJvm(ChildJvm.of(FLAGS, program, arguments));
    }

    /** By a shell that first does something to itself, such as {@code ulimit -n 64}. */
    static TalkingJvm startAfter(String shellCommand, Class<?> program, String... arguments) throws IOException {
        ProcessBuilder builder = ChildJvm.of(FLAGS, program, arguments);
        List<String> command = new ArrayList<>(List.of("sh", "-c", shellCommand + "; exec \"$@\"", "sh"));
        command.addAll(builder.command());
        return new TalkingJvm(builder.command(command));
    }

    /** What it says next; fails where it says nothing more. */
    String line() throws IOException {
        String line = lines.readLine();
        assertThat(line).as("the child says something").isNotNull();
        return line;
    }

    /** The child's standard input ends; it can take that as a sign. */
    void endInput() throws IOException {
        process.getOutputStream().close();
    }

    /** Waits for its end; everything that it still said. */
    String rest() throws Exception {
        StringBuilder rest = new StringBuilder();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            rest.append(line).append('\n');
        }
        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as("the child ends: " + rest).isTrue();
        return rest.toString();
    }

    /** As {@code kill -9}; it has ended when this returns. */
    void kill() throws InterruptedException {
        assertThat(process.destroyForcibly().waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as("the child ends").isTrue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
