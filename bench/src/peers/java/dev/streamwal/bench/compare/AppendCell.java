package dev.streamwal.bench.compare;

import dev.streamwal.bench.Workers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Appends as fast as it goes. Each stream has a record before it is measured; behind it the log is closed, opened, and read back.
 *
 * @param bytes of a content
 * @param zipf whether streams are drawn by Zipf's law, otherwise each as often as the others
 * @param batch how many records are appended at once
 * @param durable whether each append waits until it survives power loss
 */
record AppendCell(int bytes, int streams, int threads, boolean zipf, int batch, boolean durable) implements Cell {

    /** Records between two looks at the clock. */
    private static final int BETWEEN_LOOKS = 64;
    private static final int FIRST_BATCH = 64;
    private static final int THREAD_SHIFT = 40;

    static AppendCell of(int bytes, int streams, int threads) {
        return new AppendCell(bytes, streams, threads, false, 1, false);
    }

    @Override
    public String name() {
        return (durable ? "durable append of " : "append of ") + size(bytes) + String.format(Locale.ROOT, " to %,d %s, %d %s", streams,
                streams == 1 ? "stream" : "streams", threads, threads == 1 ? "thread" : "threads") + (zipf ? ", Zipf" : "")
                + (batch > 1 ? ", batches of " + batch : "");
    }

    static String size(int bytes) {
        return bytes >= 1 << 10 ? (bytes >> 10) + " KiB" : bytes + " B";
    }

    @Override
    public void run(Contender contender, Path folder, Length length, Answers answers) throws Exception {
        Setup setup = Setup.appends(streams, durable);
        Tally appended = new Tally();
        try (Store store = contender.open(folder, setup)) {
            List<Share> shares = new ArrayList<>();
            try (Workers workers = new Workers(threads)) {
                for (int i = 0; i < threads; i++) {
                    shares.add(new Share(i, store.writer()));
                }
                answers.value(this, Metric.FIRST_RATE, shares.get(0).first());
                measure(workers, shares, length, answers);
            } finally {
                for (Share share : shares) {
                    share.writer.close();
                    appended.add(share.tally);
                }
            }
            Usage.memory(this, answers);
        }
        verify(contender, folder, setup, appended);
        answers.value(this, Metric.DISK_BYTES, (double) Usage.diskBytes(folder) / appended.count());
    }

    private void measure(Workers workers, List<Share> shares, Length length, Answers answers) throws Exception {
        double ofBytes = length.warmUpSeconds / (length.warmUpSeconds + length.slices * length.sliceSeconds);
        slice(workers, shares, length.warmUpSeconds, (long) (length.maxBytes * ofBytes));
        for (int i = 0; i < length.slices; i++) {
            long cpu = Usage.cpuNanos();
            long start = System.nanoTime();
            long records = slice(workers, shares, length.sliceSeconds, (long) (length.maxBytes * (1 - ofBytes)) / length.slices);
            answers.value(this, Metric.RATE, records / ((System.nanoTime() - start) / 1e9));
            answers.value(this, Metric.CPU_NANOS, (double) (Usage.cpuNanos() - cpu) / records);
        }
    }

    /** Returns the number of records. */
    private long slice(Workers workers, List<Share> shares, double seconds, long maxBytes) throws Exception {
        long before = shares.stream().mapToLong(share -> share.tally.count()).sum();
        workers.run(threads, (worker, operations) -> shares.get(worker).run((long) (seconds * 1e9), maxBytes / bytes / threads));
        return shares.stream().mapToLong(share -> share.tally.count()).sum() - before;
    }

    /** Content behind the number: random, so that nothing compresses it. */
    private byte[] template() {
        byte[] content = new byte[bytes];
        new SplittableRandom(bytes).nextBytes(content);
        return content;
    }

    private void verify(Contender contender, Path folder, Setup setup, Tally appended) throws Exception {
        byte[] template = template();
        Tally read = new Tally();
        try (Store store = contender.open(folder, setup); RecordCursor cursor = store.scan()) {
            while (cursor.next()) {
                if (cursor.length() != bytes || !Arrays.equals(cursor.content(), Long.BYTES, bytes, template, Long.BYTES, bytes)) {
                    throw new IllegalStateException("a content isn't what was appended: length=" + cursor.length());
                }
                read.add(cursor.stream(), Tally.number(cursor.content()), cursor.length());
            }
        }
        Tally.check(contender.name() + ", " + name(), appended, read);
    }

    /** What one thread does. */
    private final class Share {
        private final Writer writer;
        private final StreamOrder order;
        private final Tally tally = new Tally();
        private final byte[][] contents = new byte[batch][];
        private final byte[][] firsts = new byte[FIRST_BATCH][];
        private final int[] batched = new int[batch];
        private long number;

        Share(int thread, Writer writer) {
            this.writer = writer;
            this.order = StreamOrder.of(streams, zipf, 7 + thread);
            this.number = (long) thread << THREAD_SHIFT;
            Arrays.setAll(contents, i -> template());
            Arrays.setAll(firsts, i -> template());
        }

        private void stamp(int stream, byte[] content) {
            Tally.number(content, ++number);
            tally.add(stream, number, bytes);
        }

        /** Appends to each stream once, in batches where there are; returns how many a second. */
        double first() throws Exception {
            long start = System.nanoTime();
            boolean batches = streams > FIRST_BATCH;
            int stream = 0;
            while (stream < streams) {
                int[] some = new int[batches ? Math.min(FIRST_BATCH, streams - stream) : 1];
                for (int i = 0; i < some.length; i++) {
                    some[i] = stream + i;
                }
                batches = some.length > 1 && appended(some);
                if (!batches) {
                    for (int one : some) {
                        stamp(one, contents[0]);
                        writer.append(one, System.currentTimeMillis(), contents[0]);
                    }
                }
                stream += some.length;
            }
            return streams / ((System.nanoTime() - start) / 1e9);
        }

        /** False if there are no batches. */
        private boolean appended(int[] some) throws Exception {
            long before = number;
            byte[][] stamped = Arrays.copyOf(firsts, some.length);
            for (int i = 0; i < some.length; i++) {
                Tally.number(stamped[i], ++number);
            }
            try {
                writer.appendBatch(some, System.currentTimeMillis(), stamped);
            } catch (Cannot none) {
                number = before;
                return false;
            }
            for (int i = 0; i < some.length; i++) {
                tally.add(some[i], before + 1 + i, bytes);
            }
            return true;
        }

        void run(long nanos, long records) throws Exception {
            long end = System.nanoTime() + nanos;
            long left = records;
            int looks = durable ? 1 : Math.max(1, BETWEEN_LOOKS / batch);
            while (left > 0 && System.nanoTime() < end) {
                long millis = System.currentTimeMillis();
                for (int i = 0; i < looks; i++) {
                    if (batch == 1) {
                        one(millis);
                    } else {
                        batch(millis);
                    }
                }
                left -= (long) looks * batch;
            }
        }

        private void one(long millis) throws Exception {
            int stream = order.next();
            stamp(stream, contents[0]);
            writer.append(stream, millis, contents[0]);
        }

        private void batch(long millis) throws Exception {
            for (int i = 0; i < batch; i++) {
                batched[i] = order.next();
                stamp(batched[i], contents[i]);
            }
            writer.appendBatch(batched, millis, contents);
        }
    }
}
