package dev.streamwal.bench;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.reader.EntryRef;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * A log to read: records of 128 bytes, the {@code i}-th of a stream at {@link #START_MILLIS} plus {@code i} ms. The first fork that reads it creates
 * it, and leaves it for later ones; the program that runs the set deletes it.
 */
final class RecordedLog {

    static final String KEY = "bench/0";
    /** The start of a window, whose length is a day: one window, many segments. */
    static final long START_MILLIS = 1_767_225_600_000L;
    static final int FRAME_BYTES = 32 + 128;
    static final int RECORDS_IN_64_MB = (64 << 20) / FRAME_BYTES;
    static final int RECORDS_IN_1_GB = (1 << 30) / FRAME_BYTES;

    private RecordedLog() {}

    static Path of(int streams, int recordsEach) {
        Path root = BenchFolder.root().resolve("recorded-" + streams + "x" + recordsEach);
        if (!Files.exists(root)) {
            Path unfinished = BenchFolder.fresh("recording");
            record(unfinished, streams, recordsEach);
            if (!unfinished.toFile().renameTo(root.toFile())) {
                throw new IllegalStateException("can't rename: " + unfinished);
            }
        }
        return root;
    }

    private static void record(Path root, int streams, int recordsEach) {
        WalOptions options = WalOptions.builder()
                .window(Duration.ofDays(1))
                .retention(Duration.ofDays(36_500))
                .clock(InstantSource.fixed(Instant.ofEpochMilli(START_MILLIS + recordsEach)))
                .build();
        try (StreamWal wal = StreamWal.open(root, options)) {
            for (int s = 0; s < streams; s++) {
                WalStream stream = wal.stream("bench/" + s);
                byte[] content = AppendBenchmark.content(128);
                for (int i = 0; i < recordsEach; i++) {
                    content[i & 127] = (byte) i;
                    EntryRef ref = stream.append(START_MILLIS + i, content);
                    if (!ref.equals(ref(ref.key(), i))) {
                        throw new IllegalStateException("unexpected position: i=" + i + ", ref=" + ref);
                    }
                }
            }
        }
    }

    /** The ref of the {@code i}-th record: a stream's positions have no gaps, not even between its segments. */
    static EntryRef ref(String key, int i) {
        return new EntryRef(key, (long) i * FRAME_BYTES, FRAME_BYTES);
    }
}
