package dev.streamwal;

import dev.streamwal.reader.EntryRef;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The process that is killed: appends what {@link KillScript} says from several threads, and writes down each call that returned, each
 * thread in a file of its own, by a write that outlives the process as the log's own do.
 */
final class AppendUntilKilled {

    /** The call's number: int; zero: int; position of its first record: long. */
    static final int ACK_BYTES = 16;

    static final String STARTED = "started";
    static final String APPENDING = "appending";
    private static final int FAILED = 3;
    /** So many calls are held up in the middle, so that a kill finds slots that are reserved and not published. */
    private static final int SLOW_EACH = 32;
    private static final long SLOW_NANOS = 2_000_000;

    private AppendUntilKilled() {}

    static Path acks(Path directory, int round, int thread) {
        return directory.resolve("acks-" + round + "-" + thread);
    }

    public static void main(String[] args) {
        Path root = Path.of(args[0]);
        Path acks = Path.of(args[1]);
        int round = Integer.parseInt(args[2]);
        KillScript script = new KillScript(Long.parseLong(args[3]));
        long originMillis = Long.parseLong(args[4]);
        Storage storage = Storage.valueOf(args[5]);
        say(STARTED);
        StreamWal wal;
        try {
            wal = StreamWal.open(root, KillScript.options(originMillis, storage).listener(new WalListener() {
                @Override
                public void backgroundFailure(String task, Optional<String> stream, Throwable failure) {
                    fail(new IllegalStateException(task + " " + stream, failure));
                }
            }).build());
        } catch (Throwable e) {
            fail(e);
            return;
        }
        AtomicBoolean first = new AtomicBoolean();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < KillScript.THREADS; i++) {
            int number = i;
            Runnable appending =
                    () -> append(wal, script, round, number, acks(acks, round, number), KillScript.clock(originMillis), first);
            threads.add(new Thread(appending, "appender-" + i));
        }
        threads.forEach(Thread::start);
    }

    private static void append(
            StreamWal wal, KillScript script, int round, int thread, Path acks, InstantSource clock, AtomicBoolean first) {
        ByteBuffer ack = ByteBuffer.allocate(ACK_BYTES);
        try (FileChannel channel = FileChannel.open(acks, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (int number = 0; ; number++) {
                long position = append(wal, script.call(round, thread, number), clock.millis()).get(0).position();
                ack.clear().putInt(number).putInt(0).putLong(position).flip();
                channel.write(ack, (long) number * ACK_BYTES);
                if (first.compareAndSet(false, true)) {
                    say(APPENDING);
                }
            }
        } catch (Throwable e) {
            fail(e);
        }
    }

    static List<EntryRef> append(StreamWal wal, KillScript.Call call, long nowMillis) {
        // some are late, by up to three windows
        long timestampMillis = call.number() % 7 == 3 ? nowMillis - call.number() % 30_000 : nowMillis;
        WalStream stream = wal.stream(call.stream());
        if (call.items().size() == 1) {
            WriteEntry entry = call.items().get(0).at(timestampMillis);
            if (call.number() % SLOW_EACH == 5) {
                return List.of(stream.append(timestampMillis, Unpooled.wrappedBuffer(entry.header()),
                        new SlowByteBuf(entry.content().array(), SLOW_NANOS)));
            }
            return List.of(stream.append(entry));
        }
        List<WriteEntry> entries = new ArrayList<>();
        call.items().forEach(item -> entries.add(item.at(timestampMillis)));
        return stream.appendBatch(entries);
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
