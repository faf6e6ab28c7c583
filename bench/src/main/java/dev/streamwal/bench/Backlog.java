package dev.streamwal.bench;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.reader.EntryRef;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * A process that is killed while much waits to be packed: how soon the next one, with the same heap, has opened the log, appended to a stream that was
 * there and to a new one, and packed what waited. Writes {@code <results>/<date>-<machine>-backlog.md}; {@code bench/run backlog} calls it.
 *
 * <pre>
 *   bench/run backlog [--quick] [--out folder]
 * </pre>
 */
public final class Backlog {

    private static final int STREAMS = 100_000;
    private static final int CONTENT_BYTES = 128;
    /** Where appends begin to be slowed down, and as much as ever waits with this heap. */
    private static final long[] SIZES = {512L << 20, 1L << 30};
    private static final long QUICK_BYTES = 8 << 20;
    private static final String HEAP = "-Xmx1g";
    private static final long PROCESS_SECONDS = 600;
    private static final String OPENED = "opened ";
    private static final int BETWEEN_LOOKS = 10_000;
    /** A batch of packing, or less. */
    private static final long PACKED_BYTES = 64L << 20;

    private final RunOptions options;

    private Backlog(RunOptions options) {
        this.options = options;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length == 3 && args[0].equals("write")) {
            write(Path.of(args[1]), Long.parseLong(args[2]));
        } else if (args.length == 2 && args[0].equals("open")) {
            System.out.println(OPENED + open(Path.of(args[1])));
            Runtime.getRuntime().halt(0);
        } else {
            Backlog backlog = new Backlog(RunOptions.of(args, 1));
            BenchFolder.deleteLeftovers();
            try {
                backlog.run();
            } finally {
                BenchFolder.deleteLeftovers();
            }
        }
    }

    private void run() throws IOException, InterruptedException {
        Path root = BenchFolder.fresh("backlog");
        Machine machine = Machine.describe(Files.createDirectories(root));
        List<String> lines = new ArrayList<>(machine.heading(", killed at full backlog", options.quick()));
        lines.add(String.format(Locale.ROOT, """
                Records of %d bytes in %,d streams, none of it packed, by a process that then halts without closing anything. What opens the log is a JVM that has just started, with %s as the one before; \
                times from the beginning of the opening. Files are in the page cache. %d rounds a size.""", CONTENT_BYTES, STREAMS, HEAP, options.quick() ? 1 : 3));
        lines.addAll(List.of("", "| waits to be packed, MiB | open, s | first append to a stream of before, s | to a new one, s | all packed, s | most heap in use, MB |", "|--:|--:|--:|--:|--:|--:|"));
        for (long size : options.quick() ? new long[] {QUICK_BYTES} : SIZES) {
            for (int round = 0; round < (options.quick() ? 1 : 3); round++) {
                BenchFolder.delete(root);
                String unused = inProcess("write", root.toString(), Long.toString(size));
                BenchFolder.settle();
                String[] words = inProcess("open", root.toString()).split(" ");
                lines.add(String.format(Locale.ROOT, "| %s | %s | %s | %s | %s | %s |", words[1], words[2], words[3], words[4], words[5], words[6]));
                System.out.println(lines.get(lines.size() - 1));
            }
        }
        options.write(machine, "backlog", lines);
    }

    private static String inProcess(String... arguments) throws IOException, InterruptedException {
        Process process = ChildJvm.of(Backlog.class, List.of(HEAP), arguments).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(PROCESS_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IllegalStateException("a process failed: " + String.join(" ", arguments) + '\n' + output);
        }
        return output.lines().filter(line -> line.startsWith(OPENED)).findFirst().orElse("");
    }

    // ---------------------------------------------------------------- in a process of its own

    private static void write(Path root, long bytes) {
        SplittableRandom random = new SplittableRandom(3);
        byte[] content = new byte[CONTENT_BYTES];
        StreamWal wal = StreamWal.open(root, WalOptions.builder().sweepInterval(Duration.ZERO).ownSegments(0).build());
        while (wal.stats().sharedBytes() < bytes) {
            for (int i = 0; i < BETWEEN_LOOKS; i++) {
                random.nextBytes(content);
                EntryRef unused = wal.stream(key(random.nextInt(STREAMS))).append(content);
            }
        }
        // like a kill: nothing is closed
        Runtime.getRuntime().halt(0);
    }

    private static String key(int stream) {
        return "site-" + stream % 100 + "/host-" + stream + "/cpu/user";
    }

    private static String open(Path root) throws InterruptedException {
        long start = System.nanoTime();
        StreamWal wal = StreamWal.open(root, WalOptions.builder().ownSegments(0).build());
        double opened = secondsSince(start);
        long waiting = wal.stats().sharedBytes() >> 20;
        long end = wal.stream(key(7)).endPosition();
        EntryRef known = wal.stream(key(7)).append(new byte[CONTENT_BYTES]);
        double first = secondsSince(start);
        EntryRef unused = wal.stream("new").append(new byte[CONTENT_BYTES]);
        double second = secondsSince(start);
        if (end == 0 || known.position() < end) {
            throw new IllegalStateException("a stream that was there continues behind its records: position=" + known.position() + ", end=" + end);
        }
        long mostHeap = 0;
        while (wal.stats().sharedBytes() > PACKED_BYTES && secondsSince(start) < PROCESS_SECONDS) {
            mostHeap = Math.max(mostHeap, Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
            TimeUnit.MILLISECONDS.sleep(20);
        }
        return String.format(Locale.ROOT, "%,d %.2f %.2f %.2f %.1f %,d", waiting, opened, first, second, secondsSince(start), mostHeap >> 20);
    }

    private static double secondsSince(long nanos) {
        return (System.nanoTime() - nanos) / 1e9;
    }
}
