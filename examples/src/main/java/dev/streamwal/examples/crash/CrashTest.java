package dev.streamwal.examples.crash;

import dev.streamwal.StreamWal;
import dev.streamwal.examples.ChildJvm;
import dev.streamwal.examples.TemporaryFolder;
import dev.streamwal.reader.WalReader;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/**
 * Kills a process that appends, with {@code kill -9} and at a random moment; opens the log, and looks whether all that it acknowledged is there. Again
 * and again, on the same log: arguments are the number of rounds, and a directory (by default a temporary one, which is deleted).
 */
public final class CrashTest {
    private static final int ROUNDS = 20;
    private static final int LONGEST_MILLIS = 800;

    private final Path log;
    private final PrintStream out;
    private final Random random = new Random();
    private final ScheduledExecutorService killer = Executors.newSingleThreadScheduledExecutor();
    /** How many records of each stream were acknowledged, in all rounds. */
    private final long[] acknowledged = new long[Writer.STREAMS];

    private CrashTest(Path log, PrintStream out) {
        this.log = log;
        this.out = out;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : ROUNDS;
        boolean good = args.length > 1 ? run(rounds, Path.of(args[1])) : runInTemporaryFolder(rounds);
        if (!good) {
            System.exit(1);
        }
    }

    private static boolean runInTemporaryFolder(int rounds) throws IOException, InterruptedException {
        try (TemporaryFolder temporary = new TemporaryFolder()) {
            return run(rounds, temporary.path());
        }
    }

    private static boolean run(int rounds, Path home) throws IOException, InterruptedException {
        return new CrashTest(home.resolve("log"), System.out).run(rounds);
    }

    private boolean run(int rounds) throws IOException, InterruptedException {
        say("log %s", log);
        say("%5s  %9s  %12s  %12s  %8s  %7s  %7s  %12s", "round", "killed at", "acknowledged", "found", "beyond", "missing", "wrong", "opening took");
        int good = 0;
        try {
            for (int round = 1; round <= rounds; round++) {
                good += round(round) ? 1 : 0;
            }
        } finally {
            killer.shutdown();
        }
        say("%d rounds, %d good", rounds, good);
        return good == rounds;
    }

    private boolean round(int round) throws IOException, InterruptedException {
        int millis = random.nextInt(LONGEST_MILLIS);
        boolean written = letItWriteAndKillIt(millis);
        long start = System.nanoTime();
        try (StreamWal wal = StreamWal.open(log, Writer.options()); WalReader reader = wal.reader()) {
            var unused = wal.recoverAll(progress -> {});
            long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            Check check = Check.of(reader, acknowledged);
            say("%5d  %,6d ms  %,12d  %,12d  %,8d  %,7d  %,7d  %,9d ms",
                    round, millis, LongStream.of(acknowledged).sum(), check.records(), check.beyond(), check.missing(), check.wrong(), took);
            return written && check.isGood();
        }
    }

    /** Returns whether it acknowledged anything. The time begins with the first record. */
    private boolean letItWriteAndKillIt(int millis) throws IOException, InterruptedException {
        Process writer = ChildJvm.writer(Writer.class, log).start();
        boolean written = false;
        try (DataInputStream said = new DataInputStream(new BufferedInputStream(writer.getInputStream(), 1 << 16))) {
            while (true) {
                int stream = said.readInt();
                acknowledged[stream] = said.readLong() + 1;
                if (!written) {
                    written = true;
                    ProcessHandle handle = writer.toHandle(); // Process.destroyForcibly would close the pipe, too
                    var unused = killer.schedule(handle::destroyForcibly, millis, TimeUnit.MILLISECONDS);
                }
            }
        } catch (EOFException e) {
            return written; // it is dead, and all that it had said is read
        } finally {
            writer.destroyForcibly().waitFor();
        }
    }

    private void say(String format, Object... values) {
        out.printf(Locale.ROOT, format + "%n", values);
    }
}
