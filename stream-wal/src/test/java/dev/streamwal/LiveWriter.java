package dev.streamwal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * The writing process of {@link OtherProcessReadingTest}: appends numbered records to a busy stream, a quiet one and one of batches,
 * rotates and sweeps, until it has appended as many as it was told. Prints how far it is.
 */
final class LiveWriter {

    static final String BUSY = "busy";
    static final String QUIET = "quiet/a";
    static final String BATCHES = "batches";
    static final int BATCH = 3;

    private LiveWriter() {}

    public static void main(String[] arguments) throws Exception {
        long records = Long.parseLong(arguments[1]);
        WalOptions options = WalOptions.builder().window(Duration.ofMillis(200)).retention(Duration.ofHours(1))
                .segmentBytes(256 << 10).maxRecordBytes(64 << 10).build();
        try (StreamWal wal = StreamWal.open(Path.of(arguments[0]), options)) {
            System.out.println("open");
            for (long number = 0; number < records; number++) {
                wal.stream(BUSY).append(content(number));
                if (number % 100 == 0) {
                    wal.stream(QUIET).append(content(number / 100));
                }
                if (number % 50 == 0) {
                    long first = number / 50 * BATCH;
                    wal.stream(BATCHES).appendBatch(List.of(WriteEntry.of(content(first)), WriteEntry.of(content(first + 1)),
                            WriteEntry.of(content(first + 2))));
                }
                if (number % 20_000 == 0) {
                    SweepResult unused = wal.sweep();
                    Thread.sleep(1);
                }
            }
        }
        System.out.println("closed");
    }

    /** Its number, and some length of bytes that follow from it. */
    static byte[] content(long number) {
        byte[] bytes = new byte[Long.BYTES + (int) (number * 31 % 200)];
        ByteBuffer.wrap(bytes).putLong(number);
        byte filler = (byte) (number * 7);
        for (int i = Long.BYTES; i < bytes.length; i++) {
            bytes[i] = filler;
        }
        return bytes;
    }

    static String text(byte[] content) {
        return new String(content, StandardCharsets.ISO_8859_1);
    }
}
