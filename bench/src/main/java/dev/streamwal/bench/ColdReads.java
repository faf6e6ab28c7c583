package dev.streamwal.bench;

import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryBatch.Status;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * How long a batch of 512 refs anywhere in 1 GiB takes with several reads at a time: where nothing of it is in the page cache, and where all is.
 * Empties the page cache of the whole machine before each cold batch, which only root may. Writes {@code <results>/<date>-<machine>-cold.md};
 * {@code bench/run cold} calls it.
 *
 * <pre>
 *   bench/run cold [--rounds n] [--quick] [--out folder]
 * </pre>
 */
public final class ColdReads {

    private static final int REFS = 512;
    private static final int[] PARALLEL = {1, 2, 4, 8, 16, 32};
    private static final int ROUNDS = 15;
    private static final int HOT_BATCHES = 200;
    private static final int HOT_WARMUP = 600;
    private static final int STREAMS = 512;
    private static final Path DROP_CACHES = Path.of("/proc/sys/vm/drop_caches");

    private final RunOptions options;
    private final List<String> rows = new ArrayList<>();
    private final SplittableRandom random = new SplittableRandom(1);

    private ColdReads(RunOptions options) {
        this.options = options;
    }

    public static void main(String[] args) throws IOException {
        ColdReads run = new ColdReads(RunOptions.of(args, ROUNDS));
        if (!Files.isWritable(DROP_CACHES)) {
            System.out.println("not measured: only root may empty the page cache");
            return;
        }
        run.measure();
        run.write();
    }

    private void measure() throws IOException {
        int records = options.quick() ? RecordedLog.RECORDS_IN_64_MB : RecordedLog.RECORDS_IN_1_GB;
        Path one = RecordedLog.of(1, records);
        Path many = RecordedLog.of(STREAMS, records / STREAMS);
        BenchFolder.settle();
        row("cold, one stream", cold(one, () -> anywhere(records)));
        row("cold, a ref of each of 512 streams", cold(many, () -> ofEach(records / STREAMS)));
        row("hot, one stream, anywhere", hot(one, () -> anywhere(records)));
        row("hot, one stream, adjacent", hot(one, () -> adjacent(records)));
        row("hot, a ref of each of 512 streams", hot(many, () -> ofEach(records / STREAMS)));
    }

    private interface Refs {
        List<EntryRef> next();
    }

    private List<EntryRef> anywhere(int records) {
        EntryRef[] refs = new EntryRef[REFS];
        Arrays.setAll(refs, i -> RecordedLog.ref(RecordedLog.KEY, random.nextInt(records)));
        return List.of(refs);
    }

    private List<EntryRef> adjacent(int records) {
        int first = random.nextInt(records - REFS);
        EntryRef[] refs = new EntryRef[REFS];
        Arrays.setAll(refs, i -> RecordedLog.ref(RecordedLog.KEY, first + i));
        return List.of(refs);
    }

    private List<EntryRef> ofEach(int records) {
        EntryRef[] refs = new EntryRef[STREAMS];
        Arrays.setAll(refs, i -> RecordedLog.ref("bench/" + i, random.nextInt(records)));
        return List.of(refs);
    }

    private static WalReader reader(Path root, int parallel) {
        return WalReader.open(root, ReaderOptions.builder().parallelReads(parallel).build());
    }

    private static long nanosOf(WalReader reader, List<EntryRef> refs) {
        long start = System.nanoTime();
        try (EntryBatch batch = reader.readBatch(refs)) {
            for (int i = 0; i < refs.size(); i++) {
                if (batch.status(i) != Status.FOUND) {
                    throw new IllegalStateException("not found: " + refs.get(i));
                }
            }
        }
        return System.nanoTime() - start;
    }

    /** In turn with each number of reads, batch by batch. */
    private long[][] cold(Path root, Refs refs) throws IOException {
        long[][] nanos = new long[PARALLEL.length][options.rounds()];
        WalReader[] readers = Arrays.stream(PARALLEL).mapToObj(parallel -> reader(root, parallel)).toArray(WalReader[]::new);
        for (WalReader reader : readers) {
            long unused = nanosOf(reader, refs.next());
        }
        for (int round = 0; round < options.rounds(); round++) {
            for (int turn = 0; turn < PARALLEL.length; turn++) {
                int i = (turn + round) % PARALLEL.length;
                Files.writeString(DROP_CACHES, "1");
                nanos[i][round] = nanosOf(readers[i], refs.next());
            }
        }
        close(readers);
        return nanos;
    }

    private long[][] hot(Path root, Refs refs) {
        long[][] nanos = new long[PARALLEL.length][HOT_BATCHES];
        WalReader[] readers = Arrays.stream(PARALLEL).mapToObj(parallel -> reader(root, parallel)).toArray(WalReader[]::new);
        List<List<EntryRef>> batches = new ArrayList<>();
        for (int i = 0; i < HOT_BATCHES; i++) {
            batches.add(refs.next());
        }
        for (int i = 0; i < (options.quick() ? HOT_BATCHES : HOT_WARMUP); i++) {
            long unused = nanosOf(readers[i % readers.length], batches.get(i % HOT_BATCHES));
        }
        for (int batch = 0; batch < HOT_BATCHES; batch++) {
            for (int turn = 0; turn < PARALLEL.length; turn++) {
                // who reads a batch first finds less of it in the processor's caches
                int i = (turn + batch) % PARALLEL.length;
                nanos[i][batch] = nanosOf(readers[i], batches.get(batch));
            }
        }
        close(readers);
        return nanos;
    }

    private static void close(WalReader[] readers) {
        for (WalReader reader : readers) {
            reader.close();
        }
    }

    private void row(String what, long[][] nanos) {
        StringBuilder row = new StringBuilder("| " + what + " |");
        for (long[] each : nanos) {
            Arrays.sort(each);
            double millis = each[each.length / 2] / (double) TimeUnit.MILLISECONDS.toNanos(1);
            row.append(String.format(Locale.ROOT, millis < 1 ? " %.3f |" : " %.1f |", millis));
        }
        rows.add(row.toString());
        System.out.println(row);
    }

    private void write() throws IOException {
        List<String> lines = Machine.describe(BenchFolder.root()).heading(", cold reads", options.quick());
        StringBuilder head = new StringBuilder("| milliseconds by `parallelReads` |");
        StringBuilder line = new StringBuilder("|---|");
        for (int parallel : PARALLEL) {
            head.append(' ').append(parallel).append(" |");
            line.append("--:|");
        }
        lines.add(String.format(Locale.ROOT, """
                Milliseconds for a `readBatch` of %d refs to records of 128 bytes in 1 GiB, medians: of %d batches that were read right after the \
                page cache was emptied, and of %d batches of a log in the page cache. The numbers of reads take turns, batch by batch; readers are \
                open, and know the segments.""", REFS, options.rounds(), HOT_BATCHES));
        lines.addAll(List.of("", head.toString(), line.toString()));
        lines.addAll(rows);
        options.write(Machine.describe(BenchFolder.root()), "cold", lines);
    }
}
