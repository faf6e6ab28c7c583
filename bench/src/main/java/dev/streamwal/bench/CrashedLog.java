package dev.streamwal.bench;

import dev.streamwal.RestartedMachine;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A log whose process always ends without closing it: it is written and opened by processes of their own, which halt. So the measurement includes
 * what a newly started JVM has to compile.
 */
final class CrashedLog {

    /** What precedes the opening: the process was killed, or the machine went down. */
    enum After { KILL, RESTART }

    /**
     * The measured times, in nanoseconds.
     *
     * @param open until the log was open
     * @param touch from then until every stream was appended to, and so recovered, by one thread
     */
    record Opened(long open, long touch) {}

    private static final long PROCESS_SECONDS = 300;
    private static final String OPENED = "opened ";

    private final Path root;
    private final int streams;

    private CrashedLog(Path root, int streams) {
        this.root = root;
        this.streams = streams;
    }

    /** Writes the log: every record is durable, in a random stream. */
    static CrashedLog write(Path root, int streams, long bytes) throws IOException, InterruptedException {
        inProcess("write", root.toString(), Integer.toString(streams), Long.toString(bytes));
        return new CrashedLog(root, streams);
    }

    Path root() {
        return root;
    }

    /** Opens the log, appends to it, and crashes again. */
    Opened open(After after) throws IOException, InterruptedException {
        String[] words = inProcess("open", root.toString(), Integer.toString(streams), after.name()).split(" ");
        return new Opened(Long.parseLong(words[1]), Long.parseLong(words[2]));
    }

    private static String inProcess(String... arguments) throws IOException, InterruptedException {
        Process process = ChildJvm.of(CrashedLog.class, List.of(), arguments).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(PROCESS_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IllegalStateException("a process failed: " + String.join(" ", arguments) + '\n' + output);
        }
        return output.lines().filter(line -> line.startsWith(OPENED)).findFirst().orElse("");
    }

    // ---------------------------------------------------------------- in a process of its own

    public static void main(String[] args) throws Exception {
        Path root = Path.of(args[1]);
        int streams = Integer.parseInt(args[2]);
        if (args[0].equals("write")) {
            append(root, streams, Long.parseLong(args[3]));
        } else {
            System.out.println(OPENED + measure(root, streams, After.valueOf(args[3])));
        }
        // like a kill: nothing is closed
        Runtime.getRuntime().halt(0);
    }

    private static void append(Path root, int streams, long bytes) throws Exception {
        // never closed
        StreamWalLog log = StreamWalLog.open(root, streams);
        DurableLoad load = new DurableLoad(DurableLoad.Kind.IN_FLIGHT, DurableLoad.IN_FLIGHT);
        load.append(log, streams, bytes / RecordedLog.FRAME_BYTES);
    }

    private static String measure(Path root, int streams, After after) {
        WalOptions options = WalOptions.builder().build();
        long start = System.nanoTime();
        StreamWal wal = after == After.KILL ? StreamWal.open(root, options) : RestartedMachine.open(root, options);
        long opened = System.nanoTime();
        WriteEntry entry = WriteEntry.of(AppendBenchmark.content(DurableLoad.RECORD_BYTES));
        for (int i = 0; i < streams; i++) {
            wal.stream(StreamWalLog.key(i)).append(entry);
        }
        long touched = System.nanoTime();
        return (opened - start) + " " + (touched - opened);
    }
}
