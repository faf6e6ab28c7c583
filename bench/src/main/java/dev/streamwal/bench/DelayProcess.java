package dev.streamwal.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** One side of a contender, as seen by the process that has started it; see {@link DelayChild}. */
public final class DelayProcess implements AutoCloseable {

    private static final long END_SECONDS = 30;

    private final Process process;
    private final BufferedReader output;
    private final PrintWriter input;
    /** Its other output. */
    private final List<String> said = new ArrayList<>();

    private DelayProcess(Process process) {
        this.process = process;
        this.output = process.inputReader(StandardCharsets.UTF_8);
        this.input = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
    }

    /** Waits until it is open. */
    public static DelayProcess start(Class<?> main, String side, DelayContender contender, Path folder) throws IOException {
        DelayProcess started =
                new DelayProcess(ChildJvm.of(main, contender.flags(), side, contender.name(), folder.toString()).start());
        String unused = started.answer();
        return started;
    }

    /** For the writer: waits until the records are appended. */
    public void append(DelayPattern pattern, int records) throws IOException {
        input.println(pattern.name() + ' ' + records);
        String unused = answer();
    }

    public String answer() throws IOException {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.startsWith(DelayChild.ANSWER)) {
                return line.substring(DelayChild.ANSWER.length());
            }
            said.add(line);
        }
        throw new IllegalStateException("a process has ended:\n" + String.join("\n", said));
    }

    /** The processor time of all its threads so far. */
    public Duration processorTime() {
        return process.info().totalCpuDuration().orElseThrow();
    }

    @Override
    public void close() {
        input.close();
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
