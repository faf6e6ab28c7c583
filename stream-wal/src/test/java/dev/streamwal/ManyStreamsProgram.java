package dev.streamwal;

import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Appends to very many streams, reads a sample back, reopens, and prints its figures; what isn't as it should be is thrown. */
final class ManyStreamsProgram {

    private static final int CONTENT_BYTES = 128;
    private static final int PASSES = 3;
    private static final int HOT_STREAMS = 300;
    private static final int HOT_APPENDS_EACH = 4;
    private static final int SAMPLE_EACH = 13;
    private static final long SEED = 7;

    private final int streams;
    private final List<EntryRef> sample = new ArrayList<>();
    private final List<Long> stamps = new ArrayList<>();
    private long appends;

    private ManyStreamsProgram(int streams) {
        this.streams = streams;
    }

    /** @param args the log's directory, and how many streams */
    public static void main(String[] args) throws Exception {
        Path root = Path.of(args[0]);
        DescriptorWatch watch = new DescriptorWatch();
        watch.start();
        new ManyStreamsProgram(Integer.parseInt(args[1])).run(root);
        System.out.printf("rss=%s, max descriptors=%d%n", status("VmHWM"), watch.end());
    }

    private void run(Path root) throws IOException {
        // as the defaults are, but for the sweeper: whether a pass falls into the run would be luck
        WalOptions options = WalOptions.builder().sweepInterval(Duration.ofSeconds(5)).build();
        long closing;
        try (StreamWal wal = StreamWal.open(root, options)) {
            long start = System.nanoTime();
            pass(wal);
            double first = seconds(start);
            int mapped = wal.stats().mappedSegments();
            System.out.printf("%d streams made with a record each, and hot ones: %.0f streams/s, %.0f records/s, mapped=%d%n",
                    streams, streams / first, appends / first, mapped);
            long before = appends;
            start = System.nanoTime();
            for (int i = 1; i < PASSES; i++) {
                pass(wal);
            }
            System.out.printf("%d records more: %.0f records/s, %s%n", appends - before, (appends - before) / seconds(start), wal.stats());
            start = System.nanoTime();
            try (WalReader reader = wal.reader()) {
                check(reader);
            }
            System.out.printf("%d refs in random order read: %.0f refs/s%n", sample.size(), sample.size() / seconds(start));
            require(wal.health().cause().isEmpty(), wal.health().toString());
            closing = System.nanoTime();
        }
        System.out.printf("closed: %.1f s%n", seconds(closing));
        long start = System.nanoTime();
        try (StreamWal wal = StreamWal.open(root, options)) {
            System.out.printf("opened: %.3f s%n", seconds(start));
            start = System.nanoTime();
            require(wal.keys().size() == streams, "keys=" + wal.keys().size());
            System.out.printf("listed: %.1f s%n", seconds(start));
            try (WalReader reader = wal.reader()) {
                check(reader);
                for (EntryRef ref : sample.subList(0, sample.size() / 10)) {
                    long end = wal.stream(ref.key()).endPosition();
                    EntryRef next = wal.stream(ref.key()).append(content(end));
                    require(next.position() >= end && end >= ref.end(), next + " behind " + end);
                    require(reader.find(next).isPresent(), next.toString());
                }
            }
            require(wal.health().cause().isEmpty(), wal.health().toString());
        }
    }

    /** A record for each stream, in an order that no cache likes, and in between many for a few. */
    private void pass(StreamWal wal) {
        int stride = 7_919;
        for (int i = 0; i < streams; i++) {
            int number = (int) ((long) i * stride % streams);
            append(wal, number, number % SAMPLE_EACH == 0);
            for (int j = 0; j < HOT_APPENDS_EACH; j++) {
                append(wal, (i * HOT_APPENDS_EACH + j) % Math.min(HOT_STREAMS, streams), false);
            }
        }
    }

    private void append(StreamWal wal, int number, boolean sampled) {
        long stamp = appends++;
        EntryRef ref = wal.stream("stream/" + number).append(content(stamp));
        if (sampled) {
            sample.add(ref);
            stamps.add(stamp);
        }
    }

    private static byte[] content(long stamp) {
        byte[] content = new byte[CONTENT_BYTES];
        ByteBuffer.wrap(content).putLong(0, stamp).putLong(CONTENT_BYTES - Long.BYTES, ~stamp);
        return content;
    }

    private void check(WalReader reader) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < sample.size(); i++) {
            order.add(i);
        }
        Collections.shuffle(order, new Random(SEED));
        for (int from = 0; from < order.size(); from += 512) {
            List<Integer> some = order.subList(from, Math.min(order.size(), from + 512));
            try (EntryBatch batch = reader.readBatch(some.stream().map(sample::get).toList())) {
                for (int i = 0; i < some.size(); i++) {
                    require(batch.status(i) == EntryBatch.Status.FOUND, sample.get(some.get(i)) + " " + batch.status(i));
                    long stamp = stamps.get(some.get(i));
                    ByteBuffer content = batch.get(i).content().nioBuffer();
                    require(content.equals(ByteBuffer.wrap(content(stamp))), "content of " + sample.get(some.get(i)));
                }
            }
        }
    }

    private static double seconds(long sinceNanos) {
        return (System.nanoTime() - sinceNanos) / 1e9;
    }

    private static void require(boolean fact, String what) {
        if (!fact) {
            throw new IllegalStateException(what);
        }
    }

    private static String status(String name) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith(name)).findFirst()
                .map(line -> line.substring(line.indexOf(':') + 1).strip()).orElse("?");
    }

    /** Counts what the process has open, again and again. */
    private static final class DescriptorWatch extends Thread {

        private final AtomicInteger most = new AtomicInteger();
        private volatile boolean ended;

        DescriptorWatch() {
            super("descriptor-watch");
            setDaemon(true);
        }

        @Override
        public void run() {
            while (!ended) {
                most.accumulateAndGet(count(), Math::max);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            }
        }

        private static int count() {
            int count = 0;
            try (DirectoryStream<Path> links = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
                for (Path link : links) {
                    count += link == null ? 0 : 1;
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
            return count;
        }

        int end() {
            ended = true;
            return most.accumulateAndGet(count(), Math::max);
        }
    }
}
