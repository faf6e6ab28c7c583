package dev.streamwal.processes;

import dev.streamwal.StreamWal;
import dev.streamwal.SweepResult;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.WriteEntry;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;

/**
 * The writing process of {@link ManyProcessesTest}: eight threads append to 200 streams, windows are a tenth of a second long, what is older
 * than some seconds is swept every second. It goes on until it is killed, or its input ends: then it deletes all that it and those before it
 * have appended, appends a last record to each of its streams, which stays, and writes down where they have come to.
 */
final class RestlessWriter {

    static final int THREADS = 8;
    static final Duration WINDOW = Duration.ofMillis(100);
    static final Duration RETENTION = Duration.ofSeconds(2);

    private static final int MAX_BATCH = 4;
    /** So that it takes its part of the two processors, and leaves them to the readers for the rest. */
    private static final long PAUSE_NANOS = 1_000_000;

    private static final Duration LAST_RETENTION = Duration.ofDays(1);

    private final Path root;
    private final int writer;
    private final Numbered[] next = new Numbered[Numbered.STREAMS];
    private volatile boolean stopped;

    private RestlessWriter(Path root, int writer) {
        this.root = root;
        this.writer = writer;
    }

    /** The root, which writer it is, and the file to write down the ends in. */
    public static void main(String[] arguments) throws Exception {
        RestlessWriter writer = new RestlessWriter(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
        writer.run(System.in);
        // of the window that was open when the last of them was appended
        Thread.sleep(RETENTION.plus(WINDOW).toMillis());
        writer.appendWhatStays();
        writer.writeEnds(Path.of(arguments[2]));
        System.out.println("closed");
    }

    private StreamWal open(Duration retention) {
        return StreamWal.open(root, WalOptions.builder().window(WINDOW).retention(retention).sweepInterval(Duration.ofSeconds(1))
                .segmentBytes(1 << 20).maxRecordBytes(64 << 10).build());
    }

    private void run(InputStream untilItEnds) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (StreamWal wal = open(RETENTION)) {
            List<Future<Void>> running = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int thread = i;
                Callable<Void> appends = () -> {
                    append(wal, thread);
                    return null;
                };
                running.add(threads.submit(appends));
            }
            System.out.println("appending");
            while (untilItEnds.read() >= 0) {
                // nothing is ever said
            }
            stopped = true;
            for (Future<Void> thread : running) {
                thread.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** To the streams that are this thread's alone, so that what it appended last is the stream's last record. */
    private void append(StreamWal wal, int thread) {
        Random random = new Random(writer * 31L + thread);
        try (WalReader reader = wal.reader()) {
            for (int stream = thread; stream < Numbered.STREAMS; stream += THREADS) {
                next[stream] = after(reader.latest(Numbered.key(stream)), stream);
            }
        }
        while (!stopped) {
            append(wal, thread + THREADS * random.nextInt(Numbered.STREAMS / THREADS), 1 + random.nextInt(MAX_BATCH));
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private Numbered after(Optional<Entry> last, int stream) {
        return last.map(entry -> Numbered.parse(Numbered.key(stream), entry.contentBytes()).next())
                .orElseGet(() -> Numbered.first(stream, writer));
    }

    private void append(StreamWal wal, int stream, int count) {
        WalStream log = wal.stream(Numbered.key(stream));
        Numbered record = next[stream];
        if (count == 1) {
            log.append(record.content());
            next[stream] = record.next();
            return;
        }
        List<WriteEntry> batch = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            batch.add(WriteEntry.of(record.content()));
            record = record.next();
        }
        log.appendBatch(batch);
        next[stream] = record;
    }

    private void appendWhatStays() {
        try (StreamWal wal = open(LAST_RETENTION)) {
            SweepResult unused = wal.sweep();
            for (int stream = 0; stream < Numbered.STREAMS; stream++) {
                if (next[stream].before() != Numbered.UNKNOWN) {
                    append(wal, stream, 1);
                }
            }
        }
    }

    /** A line a stream that has a record: the number of its last one. */
    private void writeEnds(Path file) throws IOException {
        List<String> ends = new ArrayList<>();
        for (Numbered one : next) {
            if (one.before() != Numbered.UNKNOWN) {
                ends.add(one.stream() + " " + one.before());
            }
        }
        Path unfinished = file.resolveSibling(file.getFileName() + ".tmp");
        Files.write(unfinished, ends);
        Files.move(unfinished, file);
    }
}
