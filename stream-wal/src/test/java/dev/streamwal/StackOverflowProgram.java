package dev.streamwal;

import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Recurses and appends at each level until the stack is used up, catches the error and goes on: again and again, with other frames before, so that the
 * stack ends elsewhere. After each time other threads append; then the log is read, closed, opened and read again. Prints "done", and before that what
 * isn't as it should be.
 */
final class StackOverflowProgram {

    private static final int SEGMENT_BYTES = 64 << 10;
    private static final byte[] CONTENT = new byte[100];
    /** Enough that no run has to make room for what it notes. */
    private static final int MAX_NOTED = 1 << 20;
    private static final long PATIENCE_SECONDS = 60;

    private final Path root;
    private final WalOptions options;
    private final int stackBytes;
    private final ExecutorService others = Executors.newCachedThreadPool();
    private final List<EntryRef> acknowledged = new ArrayList<>(MAX_NOTED);

    private StackOverflowProgram(Path root, Storage storage, int stackBytes) {
        this.root = root;
        this.stackBytes = stackBytes;
        this.options = WalOptions.builder().storage(storage).segmentBytes(SEGMENT_BYTES)
                .streams("own/*", StreamOptions.builder().segments(Segments.OWN).build())
                .streams("shared/*", StreamOptions.builder().segments(Segments.SHARED).build()).build();
    }

    /** @param arguments the log's directory, its storage, the stack's bytes, how often the stack is used up by each kind of append */
    public static void main(String[] arguments) {
        StackOverflowProgram program = new StackOverflowProgram(Path.of(arguments[0]), Storage.valueOf(arguments[1]), Integer.parseInt(arguments[2]));
        try {
            program.run(Integer.parseInt(arguments[3]));
            System.out.println("done");
        } catch (Exception e) {
            System.out.println("ended by " + e + ", caused by " + e.getCause());
        }
        // threads that hang don't keep the process
        Runtime.getRuntime().halt(0);
    }

    private void run(int rounds) throws Exception {
        StreamWal wal = StreamWal.open(root, options);
        for (String folder : List.of("own/", "shared/")) {
            for (Durability durability : List.of(Durability.BUFFERED, Durability.IMMEDIATE)) {
                for (int round = 0; round < rounds; round++) {
                    useUp(wal, folder + durability, durability, round);
                    goOn(wal, folder, folder + durability);
                }
            }
        }
        // Netty reports what was collected without having been released, at the next append
        System.gc();
        inTime("the last append", () -> acknowledged.add(wal.stream("own/" + Durability.BUFFERED).append(CONTENT)));
        inTime("reading", () -> look(wal));
        inTime("closing", () -> close(wal));
        StreamWal again = inTime("opening again", () -> StreamWal.open(root, options));
        inTime("reading again", () -> look(again));
        inTime("closing again", () -> close(again));
    }

    private void useUp(StreamWal wal, String key, Durability durability, int framesBefore) throws InterruptedException {
        Thread deep = new Thread(null, () -> {
            try {
                descend(framesBefore, wal, key, durability);
            } catch (StackOverflowError expected) {
                // the program goes on
            }
        }, "deep", stackBytes);
        deep.start();
        deep.join();
    }

    private void descend(int framesBefore, StreamWal wal, String key, Durability durability) {
        if (framesBefore > 0) {
            descend(framesBefore - 1, wal, key, durability);
        } else {
            append(wal, key, durability);
        }
    }

    @SuppressWarnings("InfiniteRecursion") // it is the program's mistake
    private void append(StreamWal wal, String key, Durability durability) {
        WalStream stream = wal.stream(key);
        acknowledged.add(durability == Durability.BUFFERED ? stream.append(CONTENT) : stream.append(WriteEntry.of(CONTENT), durability));
        append(wal, key, durability);
    }

    private void goOn(StreamWal wal, String folder, String key) throws Exception {
        inTime("the next append to " + key, () -> acknowledged.add(wal.stream(key).append(CONTENT)));
        inTime("the next durable append to " + key, () -> acknowledged.add(wal.stream(key).append(WriteEntry.of(CONTENT), Durability.IMMEDIATE)));
        inTime("an append to a neighbour of " + key, () -> acknowledged.add(wal.stream(folder + "neighbour").append(CONTENT)));
    }

    private boolean look(StreamWal wal) {
        Set<EntryRef> missing = new HashSet<>(acknowledged);
        try (WalReader reader = wal.reader()) {
            for (String key : wal.keys()) {
                try (EntryCursor scan = reader.scan(key)) {
                    while (scan.next()) {
                        missing.remove(scan.ref());
                    }
                }
            }
            try (EntryBatch batch = reader.readBatch(acknowledged)) {
                if (!missing.isEmpty() || batch.found().size() < acknowledged.size()) {
                    System.out.println("of " + acknowledged.size() + " records, scans miss " + missing.size() + ", a batch finds " + batch.found().size());
                }
            }
        }
        return true;
    }

    private static boolean close(StreamWal wal) {
        wal.close();
        return true;
    }

    /** By another thread, within seconds. */
    private <T> T inTime(String what, Callable<T> call) throws Exception {
        try {
            return others.submit(call).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            System.out.println(what + " hangs");
            Thread.getAllStackTraces().forEach((thread, frames) -> System.out.println(thread.getName() + " " + Arrays.toString(frames)));
            throw e;
        }
    }
}
