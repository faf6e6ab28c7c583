package dev.streamwal.bench.compare;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Many keys with a record a second each, at a pace, in windows that expire meanwhile. How late is each append, from when it was due? */
record GatewayCell() implements Cell {

    private static final int BYTES = 96;
    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long REST_NANOS = 50_000;
    private static final long LOOK_MILLIS = 200;
    /** One that is further behind doesn't keep up: it is stopped. */
    private static final long MOST_BEHIND_SECONDS = 30;

    @Override
    public String name() {
        return "gateway";
    }

    @Override
    public void run(Contender contender, Path folder, Length length, Answers answers) throws Exception {
        Setup setup = Setup.rolling(length.gatewayKeys, length.gatewayWindow, length.gatewayRetention);
        int warmUp = length.gatewayKeys * length.gatewayWarmUpSeconds;
        int records = warmUp + length.gatewayKeys * length.gatewaySeconds;
        long[] lateNanos = new long[records];
        long[] millis = new long[records];
        try (Store store = contender.open(folder, setup)) {
            Housekeeping housekeeping = new Housekeeping(store, folder, setup);
            housekeeping.start();
            try (Writer writer = store.writer()) {
                long cpu = Usage.cpuNanos();
                long start = System.nanoTime();
                append(writer, setup.streams(), lateNanos, millis);
                answers.value(this, Metric.CORES, (double) (Usage.cpuNanos() - cpu) / (System.nanoTime() - start));
            } finally {
                housekeeping.end();
            }
            answers.value(this, Metric.FILES, housekeeping.mostFiles);
            Usage.memory(this, answers);
        }
        lateness(Arrays.copyOfRange(lateNanos, warmUp, records), answers);
        answers.value(this, Metric.DISK_BYTES, (double) Usage.diskBytes(folder));
        verify(contender, folder, setup, millis);
    }

    private static void append(Writer writer, int keys, long[] lateNanos, long[] millis) throws Exception {
        long start = System.nanoTime();
        for (int i = 0; i < lateNanos.length; i++) {
            long due = start + (long) ((double) i / keys * SECOND_NANOS);
            for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                LockSupport.parkNanos(Math.min(left, REST_NANOS));
            }
            millis[i] = System.currentTimeMillis();
            writer.append(i % keys, millis[i], content(i));
            lateNanos[i] = System.nanoTime() - due;
            if (lateNanos[i] > MOST_BEHIND_SECONDS * SECOND_NANOS) {
                throw new Cannot("it doesn't keep up: " + MOST_BEHIND_SECONDS + " s behind after " + (due - start) / SECOND_NANOS + " s");
            }
        }
    }

    /** A number, and a reading as text. */
    private static byte[] content(int i) {
        byte[] content = new byte[BYTES];
        byte[] text = ("{\"power\":" + (20_000 + i * 7919L % 2_000) + ",\"status\":\"ok\"}").getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(text, 0, content, Long.BYTES, text.length);
        Tally.number(content, i);
        return content;
    }

    private void lateness(long[] nanos, Answers answers) {
        Arrays.sort(nanos);
        answers.value(this, Metric.P50_MICROS, part(nanos, 0.5));
        answers.value(this, Metric.P99_MICROS, part(nanos, 0.99));
        answers.value(this, Metric.P999_MICROS, part(nanos, 0.999));
        answers.value(this, Metric.MAX_MICROS, part(nanos, 1));
    }

    private static double part(long[] sorted, double part) {
        return sorted[(int) Math.min(sorted.length - 1, part * sorted.length)] / 1e3;
    }

    /** All that hasn't expired must be there. What has expired may be. */
    private static void verify(Contender contender, Path folder, Setup setup, long[] millis) throws Exception {
        long kept = millis[millis.length - 1] - setup.retention().toMillis() + setup.window().toMillis();
        int first = 0;
        while (millis[first] < kept) {
            first++;
        }
        Tally expected = new Tally();
        for (int i = first; i < millis.length; i++) {
            expected.add(i % setup.streams(), i, BYTES);
        }
        // not expired by the time that passes meanwhile
        Setup reading = new Setup(setup.streams(), false, setup.window(), setup.retention(), new SetClock(millis[millis.length - 1]), false);
        Tally found = new Tally();
        try (Store store = contender.open(folder, reading); RecordCursor cursor = store.scan()) {
            while (cursor.next()) {
                long number = Tally.number(cursor.content());
                if (number >= first) {
                    found.add(cursor.stream(), number, cursor.length());
                }
            }
        } catch (Cannot keepsNothing) {
            return;
        }
        Tally.check(contender.name() + ", gateway", expected, found);
    }

    /** Counts files, and has windows expire, beside the appends. */
    private static final class Housekeeping {
        private final Store store;
        private final Path folder;
        private final Setup setup;
        private final Thread thread = new Thread(this::run, "housekeeping");
        private volatile boolean ended;
        private volatile int mostFiles;
        private volatile @Nullable Exception failure;

        Housekeeping(Store store, Path folder, Setup setup) {
            this.store = store;
            this.folder = folder;
            this.setup = setup;
        }

        void start() {
            thread.setDaemon(true);
            thread.start();
        }

        private void run() {
            long expired = System.currentTimeMillis();
            try {
                while (!ended) {
                    Thread.sleep(Math.min(LOOK_MILLIS, setup.window().toMillis()));
                    mostFiles = Math.max(mostFiles, Usage.files(folder));
                    if (System.currentTimeMillis() - expired >= setup.window().toMillis()) {
                        expired = System.currentTimeMillis();
                        expire(expired - setup.retention().toMillis() - setup.window().toMillis());
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (IOException | RuntimeException e) {
                failure = e;
            }
        }

        private void expire(long beforeMillis) throws IOException, InterruptedException {
            try {
                store.expire(beforeMillis);
            } catch (IOException | InterruptedException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IOException(e);
            }
        }

        void end() throws InterruptedException {
            ended = true;
            thread.join();
            if (failure != null) {
                throw new IllegalStateException("windows don't expire", failure);
            }
        }
    }
}
