package dev.streamwal.powerloss;

import dev.streamwal.Durability;
import dev.streamwal.RecoveryReport;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalListener;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.WriteBatch;
import dev.streamwal.WriteEntry;
import dev.streamwal.error.WalException;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * The writing process of {@link Ext4PowerLossIT}: opens the log, reads all of it, has it recovered, reads it again; then, as it is told, it
 * closes the log or appends until its disk has no power. What it sees and what it is promised it says on standard output, a line at a time
 * ({@link Word}), which goes to a pipe and so outlives both the process and the disk.
 */
final class PowerLossWriter {

    /** What a line begins with; what follows is separated by blanks. */
    enum Word {
        /** The log is open. */
        OPEN,
        /** A record was read: key, position, size, {@link Stamped}. */
        FOUND,
        /** Recovery told of something: the rest is for people. */
        TOLD,
        /** Everything was read, before and after the log was recovered, and was the same. */
        READ,
        /** An append has returned: level, key, position, size, {@link Stamped}. */
        APPENDED,
        /** Everything before a position is to survive: key, position. */
        DURABLE,
        /** Something failed because the disk is gone. */
        POWERLESS,
        /** Something failed though it isn't. */
        FAILED,
        CLOSED
    }

    private static final FileOutputStream OUT = new FileOutputStream(FileDescriptor.out);

    static final String APPEND = "append";
    static final String CLOSE = "close";

    private static final int THREADS = 4;
    private static final int STREAMS = 6;
    private static final int MAX_BATCH = 5;
    private static final int MAX_BUFFERED_BETWEEN = 8;
    private static final long MAX_PAUSE_NANOS = 2_000_000;
    private static final int TRACED_CALLS = 6;
    /** Streams of that level, whatever a call asks for. */
    private static final String PERIODIC = "periodic/";

    private final StreamWal wal;
    private final Path disk;
    private final int round;

    private PowerLossWriter(StreamWal wal, Path disk, int round) {
        this.wal = wal;
        this.disk = disk;
        this.round = round;
    }

    /** The disk's directory, which round it is, and a seed. */
    public static void main(String[] arguments) throws IOException {
        Path disk = Path.of(arguments[0]);
        try (StreamWal wal = StreamWal.open(root(disk), options(disk))) {
            say(Word.OPEN);
            PowerLossWriter writer = new PowerLossWriter(wal, disk, Integer.parseInt(arguments[1]));
            writer.readAll();
            if (new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine().equals(APPEND)) {
                writer.appendUntilPowerIsGone(Long.parseLong(arguments[2]));
            }
        } catch (Throwable e) {
            failed(disk, e);
            return;
        }
        say(Word.CLOSED);
    }

    static Path root(Path disk) {
        return disk.resolve("log");
    }

    /** Windows of one second; nothing expires. */
    private static WalOptions options(Path disk) {
        return WalOptions.builder().window(Duration.ofSeconds(1)).retention(Duration.ofDays(1)).segmentBytes(1 << 20).maxRecordBytes(64 << 10)
                .flushInterval(Duration.ofMillis(50))
                .streams(PERIODIC + "*", StreamOptions.builder().durability(Durability.PERIODIC).build())
                .listener(new WalListener() {
                    @Override
                    public void onFailure(String task, Optional<String> stream, Throwable failure) {
                        failed(disk, new IllegalStateException(task + " " + stream, failure));
                    }
                }).build();
    }

    // ---------------------------------------------------------------- reading

    private void readAll() {
        try (WalReader reader = wal.reader()) {
            List<String> before = read(reader);
            RecoveryReport report = wal.recoverAll(progress -> {});
            report.streams().forEach(stream -> say(Word.TOLD, stream));
            RecoveryReport.Sums sums = report.totals();
            if (report.refusedStreams() > 0 || sums.bytesMissing() > 0 || sums.bytesSkipped() > 0) {
                failed(disk, new IllegalStateException("recovery says that data is lost: " + report));
            }
            if (!read(reader).equals(before)) {
                failed(disk, new IllegalStateException("after recovery a scan reads other records than before"));
            }
        }
        say(Word.READ);
    }

    /** By a plain scan of every key; it goes on behind what fails, so that more is known. */
    private List<String> read(WalReader reader) {
        List<String> found = new ArrayList<>();
        for (String key : reader.keys()) {
            try (EntryCursor cursor = reader.scan(key)) {
                while (next(cursor)) {
                    found.add(say(Word.FOUND, key, cursor.position(), cursor.size(), Stamped.read(cursor)));
                }
            }
        }
        return found;
    }

    private boolean next(EntryCursor cursor) {
        while (true) {
            try {
                return cursor.next();
            } catch (WalException e) {
                failed(disk, e);
            }
        }
    }

    // ---------------------------------------------------------------- appending

    private void appendUntilPowerIsGone(long seed) throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            Appender appender = new Appender(i, new SplittableRandom(seed + i));
            threads.add(new Thread(appender, "appender-" + i));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private final class Appender implements Runnable {

        private final int thread;
        private final SplittableRandom random;
        private int calls;
        /** Where this thread's last record of a stream ended. */
        private final Map<String, Long> ends = new HashMap<>();

        Appender(int thread, SplittableRandom random) {
            this.thread = thread;
            this.random = random;
        }

        @Override
        public void run() {
            try {
                while (true) {
                    String key = key();
                    for (int i = random.nextInt(MAX_BUFFERED_BETWEEN); i > 0; i--) {
                        append(key, Durability.BUFFERED);
                    }
                    call(key, random.nextInt(100));
                    LockSupport.parkNanos(random.nextLong(MAX_PAUSE_NANOS));
                }
            } catch (Throwable e) {
                failed(disk, e);
            }
        }

        private String key() {
            int which = random.nextInt(STREAMS + 2);
            if (which == STREAMS) {
                return PERIODIC + random.nextInt(2);
            }
            // a stream of its own now and then, whose first file is new when the power goes
            return which > STREAMS && random.nextInt(10) == 0 ? "new/" + round + "-" + thread + "-" + calls : "all/" + which % STREAMS;
        }

        private void call(String key, int percent) {
            WalStream stream = wal.stream(key);
            if (percent < 40) {
                append(key, percent < 15 ? Durability.PERIODIC : Durability.IMMEDIATE);
            } else if (percent < 55) {
                appendAsync(stream);
            } else if (percent < 70) {
                List<Stamped> stamps = stamps(1 + random.nextInt(MAX_BATCH));
                Durability level = level();
                List<EntryRef> refs = stream.appendBatch(entries(key, stamps), level);
                for (int i = 0; i < refs.size(); i++) {
                    appended(level, refs.get(i), stamps.get(i));
                }
            } else if (percent < 80) {
                appendToMany();
            } else if (percent < 90) {
                say(Word.DURABLE, key, stream.durablePosition());
            } else if (percent < 96) {
                long end = Math.max(stream.endPosition(), ends.getOrDefault(key, 0L));
                stream.sync();
                say(Word.DURABLE, key, end);
            } else {
                wal.sync();
                ends.forEach((each, end) -> say(Word.DURABLE, each, end));
            }
        }

        private Durability level() {
            return Durability.values()[random.nextInt(Durability.values().length)];
        }

        private List<Stamped> stamps(int count) {
            int call = calls++;
            List<Stamped> stamps = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                stamps.add(new Stamped(round, thread, call, i, count));
            }
            return stamps;
        }

        private static List<WriteEntry> entries(String key, List<Stamped> stamps) {
            return stamps.stream().map(stamp -> stamp.entry(key, System.currentTimeMillis())).toList();
        }

        private void append(String key, Durability level) {
            Stamped stamp = stamps(1).get(0);
            appended(level, wal.stream(key).append(stamp.entry(key, System.currentTimeMillis()), level), stamp);
        }

        private void appendAsync(WalStream stream) {
            Stamped stamp = stamps(1).get(0);
            stream.appendAsync(stamp.entry(stream.key(), System.currentTimeMillis())).whenComplete((ref, failure) -> {
                if (failure == null) {
                    say(Word.APPENDED, Durability.IMMEDIATE, ref.key(), ref.position(), ref.size(), stamp);
                } else {
                    failed(disk, failure);
                }
            });
        }

        private void appendToMany() {
            WriteBatch batch = new WriteBatch();
            List<Stamped> all = new ArrayList<>();
            for (int first = random.nextInt(STREAMS), i = 0; i < 3; i++) {
                String key = "all/" + (first + i) % STREAMS;
                List<Stamped> stamps = stamps(1 + random.nextInt(2));
                entries(key, stamps).forEach(entry -> batch.add(key, entry));
                all.addAll(stamps);
            }
            Durability level = level();
            List<EntryRef> refs = wal.append(batch, level);
            for (int i = 0; i < refs.size(); i++) {
                appended(level, refs.get(i), all.get(i));
            }
        }

        private void appended(Durability level, EntryRef ref, Stamped stamp) {
            ends.put(ref.key(), ref.end());
            say(Word.APPENDED, level, ref.key(), ref.position(), ref.size(), stamp);
        }
    }

    // ---------------------------------------------------------------- talking

    /** One write, so that a line is there whole or not at all. */
    private static synchronized String say(Word word, Object... what) {
        StringBuilder line = new StringBuilder(word.name());
        for (Object each : what) {
            line.append(' ').append(each.toString().replace('\n', ' '));
        }
        try {
            OUT.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return line.toString();
    }

    /** Without power anything may fail. Whether the disk has some it shows by making a file. */
    private static void failed(Path disk, Throwable failure) {
        say(hasPower(disk) ? Word.FAILED : Word.POWERLESS, trace(failure));
    }

    private static boolean hasPower(Path disk) {
        try {
            Files.delete(Files.createTempFile(disk, "power", null));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** On a line. */
    private static String trace(Throwable failure) {
        StringBuilder trace = new StringBuilder();
        for (Throwable each = failure; each != null; each = each.getCause()) {
            StackTraceElement[] stack = each.getStackTrace();
            trace.append(each).append(" at ").append(List.of(stack).subList(0, Math.min(stack.length, TRACED_CALLS)))
                    .append(each.getCause() == null ? "" : ", because of ");
        }
        return trace.toString();
    }
}
