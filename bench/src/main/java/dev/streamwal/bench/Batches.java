package dev.streamwal.bench;

import dev.streamwal.WalStream;
import dev.streamwal.WriteEntry;
import java.util.ArrayList;
import java.util.List;

/** Appends records of 128 bytes in atomic batches. */
final class Batches {

    static final int SIZE = 64;

    private final byte[][] contents = new byte[SIZE][];

    Batches() {
        for (int i = 0; i < SIZE; i++) {
            contents[i] = AppendBenchmark.content(128);
        }
    }

    /** As in a program with arrays to append: entries and list are new each time. */
    void append(WalStream stream, int records) {
        long now = System.currentTimeMillis();
        for (int done = 0; done < records; done += SIZE) {
            long timestamp = now + (done >>> 10);
            List<WriteEntry> batch = new ArrayList<>(SIZE);
            for (byte[] content : contents) {
                content[done & 127] = (byte) done;
                batch.add(WriteEntry.of(content, timestamp));
            }
            stream.appendBatch(batch);
        }
    }
}
