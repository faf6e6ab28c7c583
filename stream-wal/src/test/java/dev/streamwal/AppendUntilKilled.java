package dev.streamwal;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The process that is killed: does what {@link KillScript} says from several threads, and writes down what is acknowledged, each thread in a
 * file of its own, by a write that outlives the process as the log's own do. It waits for a line that says where and how, so that it can be
 * started before it is needed.
 */
final class AppendUntilKilled {

    /** The call's number: int; what: int; position: long; timestamp: long. */
    static final int ACK_BYTES = 24;

    static final String OPENING = "opening";
    static final String APPENDING = "appending";
    private static final int FAILED = 3;

    private AppendUntilKilled() {}

    /**
     * What a child is to do.
     *
     * @param acks directory for what is acknowledged
     * @param boot of the machine, as the log is to see it
     */
    record Task(Path root, Path acks, int round, long seed, long originMillis, Storage storage, boolean smallJournal, boolean encrypted, int boot) {

        String line() {
            return String.join("\t", root.toString(), acks.toString(), "" + round, "" + seed, "" + originMillis, storage.name(),
                    "" + smallJournal, "" + encrypted, "" + boot);
        }

        static Task parse(String line) {
            String[] parts = line.split("\t");
            return new Task(Path.of(parts[0]), Path.of(parts[1]), Integer.parseInt(parts[2]), Long.parseLong(parts[3]),
                    Long.parseLong(parts[4]), Storage.valueOf(parts[5]), Boolean.parseBoolean(parts[6]), Boolean.parseBoolean(parts[7]), Integer.parseInt(parts[8]));
        }

        StreamWal open(WalListener listener) {
            WalOptions options = KillScript.options(originMillis, storage, encrypted, round).listener(listener).build();
            return StreamWal.open(root, options, KillScript.environment(options, smallJournal, boot));
        }

        KillActor actor(StreamWal wal, KillActor.Acks to) {
            return new KillActor(wal, KillScript.clock(originMillis), to);
        }
    }

    static Path acks(Path directory, int round, int thread) {
        return directory.resolve("acks-" + round + "-" + thread);
    }

    /** Which segments the log said it had deleted: a line each, position of the first record and key. */
    static Path deletions(Path directory, int round) {
        return directory.resolve("deletions-" + round);
    }

    public static void main(String[] args) throws IOException {
        String line = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
        if (line == null) {
            return;
        }
        Task task = Task.parse(line);
        say(OPENING);
        StreamWal wal;
        try {
            wal = task.open(new Deletions(deletions(task.acks, task.round)));
        } catch (Throwable e) {
            fail(e);
            return;
        }
        KillScript script = new KillScript(task.seed, task.encrypted);
        AtomicBoolean first = new AtomicBoolean();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < KillScript.THREADS; i++) {
            int number = i;
            threads.add(new Thread(() -> append(wal, script, task, number, first), "appender-" + i));
        }
        threads.forEach(Thread::start);
    }

    private static void append(StreamWal wal, KillScript script, Task task, int thread, AtomicBoolean first) {
        try (AckFile acks = new AckFile(acks(task.acks, task.round, thread))) {
            KillActor actor = task.actor(wal, acks);
            for (int number = 0; ; number++) {
                actor.perform(script.call(task.round, thread, number)).whenComplete((done, failure) -> {
                    if (failure != null) {
                        fail(failure);
                    }
                });
                if (first.compareAndSet(false, true)) {
                    say(APPENDING);
                }
            }
        } catch (Throwable e) {
            fail(e);
        }
    }

    /** One after the other, so that at most the last is written in part. */
    private static final class AckFile implements KillActor.Acks, AutoCloseable {

        private final FileChannel channel;
        private final ByteBuffer ack = ByteBuffer.allocate(ACK_BYTES);

        AckFile(Path path) throws IOException {
            channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        }

        @Override
        public synchronized void acknowledged(int number, int what, long position, long timestampMillis) {
            try {
                channel.write(ack.clear().putInt(number).putInt(what).putLong(position).putLong(timestampMillis).flip());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /** The log's listener: no failure is expected. */
    private static final class Deletions implements WalListener {

        private final FileChannel channel;

        Deletions(Path path) throws IOException {
            channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        }

        @Override
        public void onSwept(DeletedSegment segment) {
            try {
                channel.write(StandardCharsets.UTF_8.encode(deletion(segment)));
            } catch (IOException e) {
                fail(e);
            }
        }

        @Override
        public void onFailure(String task, Optional<String> stream, Throwable failure) {
            fail(new IllegalStateException(task + " " + stream, failure));
        }
    }

    private static String deletion(DeletedSegment segment) {
        return segment.position() + " " + segment.key() + "\n";
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private static void fail(Throwable e) {
        e.printStackTrace();
        System.err.flush();
        Runtime.getRuntime().halt(FAILED);
    }
}
