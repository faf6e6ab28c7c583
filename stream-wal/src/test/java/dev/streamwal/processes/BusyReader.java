package dev.streamwal.processes;

import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryBatch.Status;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.StreamInfo;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * A reading process of {@link ManyProcessesTest}: one thread follows all streams, one consumes them, one scans them this way and that, one
 * reads by ref what the others came across. When a file says where the streams end, the first two go on up to there, and it ends; what it
 * did is its output. Anything that isn't as it should be ends it at once, with a stack trace.
 */
final class BusyReader {

    /** So that the writer has its part of the processors. */
    private static final int SCAN_PAUSE_MILLIS = 4;
    private static final int MAX_REFS = 4_000;
    private static final Duration REST = Duration.ofMillis(100);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /** Of all streams. */
    private static final String CONSUMED = "host-";
    private static final int COMMIT_EVERY = 500;
    private static final int REOPEN_EVERY = 20_000;

    private final Path root;
    private final Path ends;
    private final String name;
    private final WalReader reader;

    /** Found by the scans, with what stands there; the one found first goes first. */
    private final Map<EntryRef, Numbered> refs = new LinkedHashMap<>();

    private final CountDownLatch scanned = new CountDownLatch(1);

    private volatile boolean finished;
    private volatile long finishedNanos;
    private volatile Map<String, Long> last = Map.of();

    private BusyReader(Path root, Path ends, String name) {
        this.root = root;
        this.ends = ends;
        this.name = name;
        this.reader = WalReader.open(root);
    }

    /** The root, the file with the ends, and which reader it is. */
    public static void main(String[] arguments) throws Exception {
        new BusyReader(Path.of(arguments[0]), Path.of(arguments[1]), arguments[2]).run();
    }

    private void run() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (reader) {
            List<Callable<String>> work = List.of(this::follow, this::consume, this::scan, this::readBatches);
            List<Future<String>> running = new ArrayList<>();
            for (Callable<String> one : work) {
                running.add(threads.submit(() -> endingTheProcess(one)));
            }
            System.out.println("reading");
            while (!Files.exists(ends)) {
                Thread.sleep(20);
            }
            last = readEnds();
            finishedNanos = System.nanoTime();
            finished = true;
            for (Future<String> one : running) {
                System.out.println(one.get());
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static String endingTheProcess(Callable<String> work) {
        try {
            return work.call();
        } catch (Throwable wrong) {
            wrong.printStackTrace();
            System.out.flush();
            Runtime.getRuntime().halt(1);
            throw new AssertionError("halted");
        }
    }

    private Map<String, Long> readEnds() throws IOException {
        Map<String, Long> read = new HashMap<>();
        for (String line : Files.readAllLines(ends)) {
            String[] words = line.split(" ");
            read.put(Numbered.key(Integer.parseInt(words[0])), Long.parseLong(words[1]));
        }
        return read;
    }

    private static byte[] bytes(ByteBuf content) {
        return ByteBufUtil.getBytes(content);
    }

    // ---- following and consuming

    /** What was seen of all streams. */
    private static final class Chains {
        private final Map<String, Chain> byKey = new HashMap<>();
        private long records;
        private long expired;

        Chain of(String key) {
            return byKey.computeIfAbsent(key, unused -> new Chain(stream(key)));
        }

        private static int stream(String key) {
            for (int i = 0; i < Numbered.STREAMS; i++) {
                if (Numbered.key(i).equals(key)) {
                    return i;
                }
            }
            throw new IllegalStateException("every stream is one of the writer's: key=" + key);
        }

        /** The next record, if one comes before long. */
        boolean next(EntryTail tail) throws InterruptedException {
            try {
                if (!tail.next(REST)) {
                    return false;
                }
            } catch (EntryExpiredException told) {
                of(String.valueOf(told.key())).expired(told);
                expired++;
                return true;
            }
            of(tail.key()).record(Numbered.parse(tail.key(), bytes(tail.content())), tail.position(), tail.size());
            records++;
            return true;
        }

        /** @throws IllegalStateException where it hasn't come there for long */
        boolean haveReached(Map<String, Long> last, long sinceNanos) {
            boolean reached = last.entrySet().stream().allMatch(end -> of(end.getKey()).lastNumber() == end.getValue());
            if (!reached && System.nanoTime() - sinceNanos > PATIENCE.toNanos()) {
                throw new IllegalStateException("every record comes before long: " + last.entrySet().stream()
                        .filter(end -> of(end.getKey()).lastNumber() != end.getValue())
                        .map(end -> end + " is not " + of(end.getKey())).toList());
            }
            return reached;
        }
    }

    private String follow() throws Exception {
        Chains seen = new Chains();
        try (EntryTail tail = reader.follow(Keys.all(), ReadFrom.first())) {
            while (seen.next(tail) || !finished || !seen.haveReached(last, finishedNanos)) {
                // on
            }
        }
        return "followed %d expired %d".formatted(seen.records, seen.expired);
    }

    /** Its consumer is closed and opened again now and then: it goes on where it committed, neither behind nor before. */
    private String consume() throws Exception {
        Chains committed = new Chains();
        int opened = 0;
        boolean reached = false;
        while (!reached) {
            opened++;
            try (WalConsumer consumer = reader.consumer(name, Keys.prefix(CONSUMED))) {
                reached = consume(consumer, committed);
            }
        }
        return "consumed %d expired %d opened %d".formatted(committed.records, committed.expired, opened);
    }

    /** Whether it has come to all streams' ends. Everything that was read is committed when it returns. */
    private boolean consume(WalConsumer consumer, Chains committed) throws InterruptedException {
        EntryTail tail = consumer.entries();
        Map<String, Long> toCommit = new HashMap<>();
        for (long read = 0; read < REOPEN_EVERY; read++) {
            long before = committed.records;
            boolean came = committed.next(tail);
            if (committed.records > before) {
                toCommit.put(tail.key(), tail.position() + tail.size());
            }
            if (toCommit.size() >= COMMIT_EVERY || !came) {
                commit(consumer, toCommit);
            }
            if (!came && finished && committed.haveReached(last, finishedNanos)) {
                return true;
            }
        }
        commit(consumer, toCommit);
        return false;
    }

    private static void commit(WalConsumer consumer, Map<String, Long> positions) {
        positions.forEach(consumer::commit);
        positions.clear();
    }

    // ---- scanning

    private String scan() throws InterruptedException {
        Random random = new Random(name.hashCode());
        long records = 0;
        int scans = 0;
        while (!finished) {
            int stream = random.nextInt(Numbered.STREAMS);
            records += switch (random.nextInt(4)) {
                case 0 -> forwards(stream, reader.scan(Numbered.key(stream)), true);
                case 1 -> forwards(stream, reader.scanLast(Numbered.key(stream), 100), true);
                case 2 -> forwards(stream, reader.scan(Numbered.key(stream), now().minusMillis(700), now().minusMillis(200)), false);
                default -> backwards(stream);
            };
            scans++;
            Thread.sleep(SCAN_PAUSE_MILLIS);
        }
        for (int stream = 0; stream < Numbered.STREAMS; stream++) {
            records += forwards(stream, reader.scan(Numbered.key(stream)), true);
        }
        scanned.countDown();
        return "scanned %d scans %d".formatted(records, scans);
    }

    private static Instant now() {
        return Instant.now();
    }

    private long forwards(int stream, EntryCursor scan, boolean isWhole) {
        long records = 0;
        Chain chain = new Chain(stream);
        try (scan) {
            while (true) {
                try {
                    if (!scan.next()) {
                        return records;
                    }
                } catch (EntryExpiredException told) {
                    chain.expired(told);
                    continue;
                }
                Numbered read = Numbered.parse(scan.key(), bytes(scan.content()));
                if (isWhole) {
                    chain.record(read, scan.position(), scan.size());
                }
                found(scan.ref(), read, records++);
            }
        }
    }

    private long backwards(int stream) {
        long records = 0;
        Numbered behind = null;
        try (EntryCursor scan = reader.scanBackward(Numbered.key(stream), Long.MAX_VALUE)) {
            while (records < 300 && scan.next()) {
                Numbered read = Numbered.parse(scan.key(), bytes(scan.content()));
                if (behind != null && behind.before() != read.number() && behind.before() != Numbered.UNKNOWN) {
                    throw new IllegalStateException("nothing is missing backwards: " + read + ", " + behind);
                }
                behind = read;
                found(scan.ref(), read, records++);
            }
        } catch (EntryExpiredException overtaken) {
            // then it ends
        }
        return records;
    }

    private void found(EntryRef ref, Numbered read, long index) {
        if (index % 13 != 0) {
            return;
        }
        synchronized (refs) {
            refs.put(ref, read);
            if (refs.size() > MAX_REFS) {
                refs.remove(refs.keySet().iterator().next());
            }
        }
    }

    // ---- by ref

    private String readBatches() throws InterruptedException {
        long found = 0;
        long expired = 0;
        Set<EntryRef> gone = new HashSet<>();
        boolean isLast = false;
        while (!isLast) {
            // of what was found before, and of what is left
            isLast = finished && scanned.await(50, TimeUnit.MILLISECONDS);
            Map<EntryRef, Numbered> asked;
            synchronized (refs) {
                asked = new LinkedHashMap<>(refs);
            }
            Map<String, Long> firstBefore = new HashMap<>();
            asked.keySet().forEach(ref -> firstBefore.computeIfAbsent(ref.key(), this::firstPosition));
            List<EntryRef> list = List.copyOf(asked.keySet());
            try (EntryBatch batch = reader.readBatch(list)) {
                for (int i = 0; i < list.size(); i++) {
                    EntryRef ref = list.get(i);
                    boolean isFound = judge(batch, i, ref, asked.get(ref), firstBefore.get(ref.key()), gone);
                    found += isFound ? 1 : 0;
                    expired += isFound ? 0 : 1;
                }
            }
            gone.retainAll(asked.keySet());
            Thread.sleep(50);
        }
        return "found %d expired %d".formatted(found, expired);
    }

    /** Where what is left of a stream begins. */
    private long firstPosition(String key) {
        return reader.describe(key).map(StreamInfo::firstPosition).orElse(0L);
    }

    private boolean judge(EntryBatch batch, int index, EntryRef ref, Numbered written, long firstBefore, Set<EntryRef> gone) {
        Status status = batch.status(index);
        if (status == Status.EXPIRED) {
            // once: between two looks the stream may come again
            long first = firstPosition(ref.key());
            if (first > 0 && ref.position() >= first) {
                throw new IllegalStateException("what has expired is before what is left: " + ref);
            }
            gone.add(ref);
            return false;
        }
        if (status != Status.FOUND || ref.position() < firstBefore || gone.contains(ref)) {
            throw new IllegalStateException("what was there is there, or has expired for good: %s is %s, the stream began at %d".formatted(
                    ref, status, firstBefore));
        }
        Numbered read = Numbered.parse(ref.key(), batch.get(index).contentBytes());
        if (!read.equals(written)) {
            throw new IllegalStateException("a ref names one record: " + ref + ", " + read + ", " + written);
        }
        return true;
    }
}
