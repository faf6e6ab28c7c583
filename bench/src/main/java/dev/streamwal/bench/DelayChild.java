package dev.streamwal.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;

/**
 * The two processes of a contender. The writer receives on its standard input what to append, {@code <pattern> <records>}, one per line, answers
 * each, and ends with its input; the reader ends at the {@link DelayPattern#LAST last} record, and reports what it measured.
 */
public final class DelayChild {

    public static final String WRITE = "write";
    public static final String READ = "read";
    /** Tells answers from a library's messages on standard output. */
    public static final String ANSWER = "answer ";

    private static final int SEED = 42;
    private static final int DIGITS = 3;
    /** Longer than any rest here: a record that doesn't come by then was missed, or its writer is gone. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private DelayChild() {}

    public static void run(String side, DelayContender contender, Path folder) throws IOException, InterruptedException {
        if (side.equals(WRITE)) {
            write(contender, folder);
        } else {
            read(contender, folder);
        }
    }

    private static void answer(String what) {
        System.out.println(ANSWER + what);
    }

    // ---------------------------------------------------------------- the one that appends

    private static void write(DelayContender contender, Path folder) throws IOException {
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        SplittableRandom random = new SplittableRandom(SEED);
        try (DelayContender.Writer writer = contender.writer().open(folder)) {
            answer("ready");
            for (String order = orders.readLine(); order != null; order = orders.readLine()) {
                String[] words = order.split(" ");
                append(writer, DelayPattern.valueOf(words[0]), Integer.parseInt(words[1]), random);
                answer("appended");
            }
        }
    }

    /** A late writer doesn't catch up: the delivery is to be measured. */
    private static void append(DelayContender.Writer writer, DelayPattern pattern, int records, SplittableRandom random)
            throws IOException {
        DelayRecord record = new DelayRecord();
        for (int i = 0; i < records; i++) {
            long due = System.nanoTime() + pattern.gapNanos(random);
            for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            record.stamp(pattern);
            writer.append(record.bytes());
        }
    }

    // ---------------------------------------------------------------- the one that follows

    private static void read(DelayContender contender, Path folder) throws IOException, InterruptedException {
        List<Histogram> delays = Stream.of(DelayPattern.values()).map(any -> new Histogram(DIGITS)).toList();
        DelayRecord record = new DelayRecord();
        try (DelayContender.Reader reader = contender.reader().open(folder)) {
            answer("ready");
            do {
                if (!reader.next(record.bytes(), PATIENCE)) {
                    throw new IllegalStateException("nothing came for " + PATIENCE);
                }
                long nanos = record.delayNanos();
                delays.get(record.pattern().ordinal()).recordValue(nanos);
            } while (record.pattern() != DelayPattern.LAST);
        }
        delays.forEach(histogram -> answer(encode(histogram)));
    }

    private static String encode(Histogram histogram) {
        ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
        int length = histogram.encodeIntoCompressedByteBuffer(buffer);
        return Base64.getEncoder().encodeToString(Arrays.copyOf(buffer.array(), length));
    }

    /** Parses the reader's report. */
    public static Histogram decode(String base64) {
        try {
            return Histogram.decodeFromCompressedByteBuffer(ByteBuffer.wrap(Base64.getDecoder().decode(base64)), 0);
        } catch (DataFormatException e) {
            throw new IllegalStateException("not a histogram: " + base64, e);
        }
    }
}
