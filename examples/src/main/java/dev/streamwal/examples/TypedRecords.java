package dev.streamwal.examples;

import static dev.streamwal.examples.Summary.micros;

import com.sun.management.ThreadMXBean;
import dev.streamwal.StreamWal;
import dev.streamwal.WalStream;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.bytes.BytesOut;
import net.openhft.chronicle.bytes.WriteBytesMarshallable;

/** Typed records without garbage: encoded by Chronicle Bytes on the way in, read from Netty buffers on the way out. */
public final class TypedRecords {
    private static final int RECORDS = 100_000;
    private static final int REFS = 1_000;

    /** One mutable object for all records: set, append, set again. */
    static final class Reading implements WriteBytesMarshallable {
        private long sensor;
        private double value;
        private int quality;

        Reading set(long sensor, double value, int quality) {
            this.sensor = sensor;
            this.value = value;
            this.quality = quality;
            return this;
        }

        /** Chronicle Bytes writes in the machine's byte order: little-endian on every machine that it runs on. */
        @Override
        public void writeMarshallable(BytesOut<?> out) {
            out.writeLong(sensor).writeDouble(value).writeInt(quality);
        }

        /** Reads what the method above has written, without moving the buffer's index. */
        Reading readFrom(ByteBuf content) {
            int at = content.readerIndex();
            return set(content.getLongLE(at), content.getDoubleLE(at + 8), content.getIntLE(at + 16));
        }
    }

    private final Summary summary;
    private double sum;
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    TypedRecords(PrintStream out) {
        summary = new Summary(out);
    }

    public static void main(String[] args) throws IOException {
        Path root = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("stream-wal-");
        new TypedRecords(System.out).run(root);
    }

    void run(Path root) {
        try (StreamWal wal = StreamWal.open(root)) {
            summary.line("log", "%s", root);
            WalStream typed = wal.stream("readings/typed");
            WalStream traced = wal.stream("readings/traced");
            measure("typed", RECORDS, () -> appendTyped(typed));
            measure("header, bytes", RECORDS, () -> appendWithHeader(traced));
            try (WalReader reader = wal.reader()) {
                measure("scan", 2 * RECORDS, () -> scan(reader, typed.key()));
                summary.line("", "the sum of their values is %,.1f", sum);
                readBatch(reader, refs(reader, traced.key()));
            }
        }
    }

    /** Measures the second run: the compiler's work isn't to be measured. */
    private void measure(String name, int records, Runnable work) {
        work.run();
        long allocated = threads.getCurrentThreadAllocatedBytes();
        long start = System.nanoTime();
        work.run();
        long nanos = System.nanoTime() - start;
        allocated = threads.getCurrentThreadAllocatedBytes() - allocated;
        summary.line(name, "%,d records, %,d ns and %,.1f bytes of garbage each",
                records, nanos / records, (double) allocated / records);
    }

    /** A typed record: the log encodes it into a buffer that it reuses. */
    private static void appendTyped(WalStream stream) {
        Reading reading = new Reading();
        for (int i = 0; i < RECORDS; i++) {
            stream.appendTyped(System.currentTimeMillis(), reading.set(i % 100, i * 0.5, 1));
        }
    }

    /**
     * Header and content in buffers of our own, reused. Bytes off the heap work as well, and are released after use; the first of them makes
     * Chronicle log a warning about command-line options that it doesn't need.
     */
    private static void appendWithHeader(WalStream stream) {
        Bytes<?> header = Bytes.allocateElasticOnHeap(64);
        Bytes<?> content = Bytes.allocateElasticOnHeap(64);
        Reading reading = new Reading();
        for (int i = 0; i < RECORDS; i++) {
            header.clear();
            header.writeInt(i);
            content.clear();
            reading.set(i % 100, i * 0.5, 1).writeMarshallable(content);
            stream.appendBytes(System.currentTimeMillis(), header, content);
        }
    }

    /** The cursor's buffers are valid until it moves on: decode in place, keep nothing. */
    private void scan(WalReader reader, String key) {
        Reading reading = new Reading();
        sum = 0;
        try (EntryCursor cursor = reader.scan(key)) {
            while (cursor.next()) {
                sum += reading.readFrom(cursor.content()).value;
            }
        }
    }

    private static List<EntryRef> refs(WalReader reader, String key) {
        List<EntryRef> refs = new ArrayList<>();
        try (EntryCursor cursor = reader.scanLast(key, REFS)) {
            while (cursor.next()) {
                refs.add(cursor.ref());
            }
        }
        return refs;
    }

    /** The batch owns the buffers of its entries until it is closed. */
    private void readBatch(WalReader reader, List<EntryRef> refs) {
        Reading reading = new Reading();
        int asAppended = 0;
        long start = System.nanoTime();
        try (EntryBatch batch = reader.readBatch(refs)) {
            for (int i = 0; i < batch.size(); i++) {
                Entry entry = batch.get(i);
                int number = entry.header().getIntLE(entry.header().readerIndex());
                reading.readFrom(entry.content());
                if (number == RECORDS - refs.size() + i && reading.value == number * 0.5) {
                    asAppended++;
                }
            }
        }
        summary.line("batch read", "%,d refs in %,.0f us, %,d decoded as appended",
                refs.size(), micros(System.nanoTime() - start), asAppended);
    }
}
