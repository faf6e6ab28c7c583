package dev.streamwal.examples.crash;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.reader.WalReader;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;

/**
 * The process that is killed: appends numbers to each stream, and says of each on its standard output that the append has returned. What it has said
 * is in the pipe, and outlives it.
 */
final class Writer {
    static final int STREAMS = 16;
    private static final int CONTENT_BYTES = 100;

    private Writer() {}

    static String key(int stream) {
        return "numbers/" + stream;
    }

    /** A number, and bytes that follow from it. */
    static byte[] content(long number) {
        ByteBuffer content = ByteBuffer.allocate(CONTENT_BYTES).putLong(number);
        while (content.hasRemaining()) {
            content.put((byte) (number * 31 + content.position()));
        }
        return content.array();
    }

    /** Short windows and small segments: so kills hit the work behind the appends, too: new segments, sealing, packing. */
    static WalOptions options() {
        return WalOptions.builder().window(Duration.ofSeconds(1)).segmentBytes(1 << 20).ownSegments(STREAMS / 2).build();
    }

    /** Until the process is killed. */
    public static void main(String[] args) throws IOException {
        DataOutputStream acknowledged = new DataOutputStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), Integer.BYTES + Long.BYTES));
        try (StreamWal wal = StreamWal.open(Path.of(args[0]), options())) {
            WalStream[] streams = new WalStream[STREAMS];
            long[] next = new long[STREAMS];
            try (WalReader reader = wal.reader()) {
                for (int i = 0; i < STREAMS; i++) {
                    streams[i] = wal.stream(key(i));
                    next[i] = reader.latest(key(i)).map(entry -> entry.content().getLong(0) + 1).orElse(0L);
                }
            }
            for (int i = 0; true; i = (i + 1) % STREAMS) {
                var unused = streams[i].append(content(next[i]));
                acknowledged.writeInt(i);
                acknowledged.writeLong(next[i]);
                acknowledged.flush();
                next[i]++;
            }
        }
    }
}
