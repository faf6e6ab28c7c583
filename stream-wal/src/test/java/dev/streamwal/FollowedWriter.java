package dev.streamwal;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The process that {@link FollowKilledWriterTest} follows and kills: two threads append numbers to some streams, slowly enough for somebody to
 * rest in between, and rotate. The last one is let end.
 */
final class FollowedWriter {

    static final int STREAMS = 20;

    private FollowedWriter() {}

    public static void main(String[] arguments) throws Exception {
        long records = Long.parseLong(arguments[1]);
        WalOptions options = WalOptions.builder().window(Duration.ofMillis(100)).retention(Duration.ofHours(1)).segmentBytes(64 << 10)
                .maxRecordBytes(16 << 10).build();
        try (StreamWal wal = StreamWal.open(Path.of(arguments[0]), options)) {
            AtomicLong left = new AtomicLong(records);
            Thread other = new Thread(() -> append(wal, left, 1), "other");
            other.start();
            System.out.println("open");
            append(wal, left, 0);
            other.join();
        }
        System.out.println("closed");
    }

    private static void append(StreamWal wal, AtomicLong left, int thread) {
        try {
            for (long i = left.getAndDecrement(); i > 0; i = left.getAndDecrement()) {
                wal.stream("s" + (i * 7 + thread) % STREAMS).append(ByteBuffer.allocate(Long.BYTES).putLong(i).array());
                if (i % 5 == 0) {
                    Thread.sleep(1);
                }
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
