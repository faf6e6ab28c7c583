package dev.streamwal.bench.compare;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.bytes.SyncMode;
import net.openhft.chronicle.core.time.TimeProvider;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.queue.RollCycle;
import net.openhft.chronicle.queue.RollCycles;
import net.openhft.chronicle.queue.TailerDirection;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.queue.rollcycles.RollCycleArithmetic;
import net.openhft.chronicle.wire.DocumentContext;
import net.openhft.chronicle.wire.Wire;

/**
 * Chronicle Queue: one queue, in front of each record its stream and its time. A queue a stream would take two files and 78 MB of address space each,
 * and 17 ms to create.
 */
final class ChronicleStore extends Store {

    private static final int STREAM_AT = 0;
    private static final int MILLIS_AT = Integer.BYTES;
    private static final int CONTENT_AT = MILLIS_AT + Long.BYTES;
    /** Finding a record by its index is 13 times as fast as with the default of 64 MiB, which moves its mappings. The files are sparse. */
    private static final long BLOCK_BYTES_TO_QUERY = 1L << 30;

    private final ChronicleQueue queue;
    private final Setup setup;

    private ChronicleStore(ChronicleQueue queue, Setup setup) {
        this.queue = queue;
        this.setup = setup;
    }

    /** The time is held still, except where files are to roll: a queue that is queried by time is to be one file here, at midnight, too. */
    static Store open(Path folder, Setup setup) {
        SingleChronicleQueueBuilder builder = SingleChronicleQueueBuilder.binary(folder.toFile());
        if (rolls(setup)) {
            builder.rollCycle(new Windows((int) setup.window().toMillis()));
        } else {
            long now = setup.queried() ? 0 : System.currentTimeMillis();
            builder.rollCycle(RollCycles.FAST_DAILY).timeProvider(still(now));
        }
        if (setup.durable()) {
            // by default sync() only asks the kernel to begin
            builder.syncMode(SyncMode.SYNC);
        }
        if (setup.queried()) {
            builder.blockSize(BLOCK_BYTES_TO_QUERY);
        }
        return new ChronicleStore(builder.build(), setup);
    }

    private static boolean rolls(Setup setup) {
        return setup.retention().toMinutes() < 60;
    }

    private static TimeProvider still(long millis) {
        return () -> millis;
    }

    /** A file each so many milliseconds: the shortest of its own cycles but for tests is five minutes. */
    private record Windows(int millis) implements RollCycle {
        private static final RollCycleArithmetic ARITHMETIC = RollCycleArithmetic.of(4 << 10, 256);

        @Override
        public String format() {
            return "yyyyMMdd-HHmmss'W'";
        }

        @Override
        public int lengthInMillis() {
            return millis;
        }

        @Override
        public int defaultIndexCount() {
            return ARITHMETIC.indexCount();
        }

        @Override
        public int defaultIndexSpacing() {
            return ARITHMETIC.indexSpacing();
        }

        @Override
        public long toIndex(int cycle, long sequence) {
            return ARITHMETIC.toIndex(cycle, sequence);
        }

        @Override
        public long toSequenceNumber(long index) {
            return ARITHMETIC.toSequenceNumber(index);
        }

        @Override
        public int toCycle(long index) {
            return ARITHMETIC.toCycle(index);
        }

        @Override
        public long maxMessagesPerCycle() {
            return ARITHMETIC.maxMessagesPerCycle();
        }
    }

    static Wire wire(DocumentContext document) {
        Wire wire = document.wire();
        if (wire == null) {
            throw new IllegalStateException("a document without a wire");
        }
        return wire;
    }

    @Override
    Writer writer() {
        ExcerptAppender appender = queue.createAppender();
        // one thread makes and closes the writers, another one appends
        appender.singleThreadedCheckDisabled(true);
        return new Writer() {
            @Override
            public void append(int stream, long millis, byte[] content) {
                try (DocumentContext document = appender.writingDocument()) {
                    wire(document).bytes().writeInt(stream).writeLong(millis).write(content);
                }
                if (setup.durable()) {
                    appender.sync();
                }
            }

            @Override
            public void close() {
                appender.close();
            }
        };
    }

    @Override
    RecordCursor scan() {
        return new Excerpts(queue.createTailer());
    }

    /** Finds the beginning by halving, as records are in order of time, and reads all streams. */
    @Override
    RecordCursor range(int first, int end, long fromMillis, long toMillis) {
        ExcerptTailer tailer = queue.createTailer();
        move(tailer, firstAt(tailer, fromMillis));
        return new Excerpts(tailer) {
            @Override
            boolean next() {
                while (super.next() && millis() < toMillis) {
                    if (stream() >= first && stream() < end) {
                        return true;
                    }
                }
                return false;
            }
        };
    }

    private long firstAt(ExcerptTailer tailer, long millis) {
        long low = queue.firstIndex();
        long high = queue.lastIndex() + 1;
        while (low < high) {
            long middle = low + (high - low) / 2;
            move(tailer, middle);
            try (DocumentContext document = tailer.readingDocument()) {
                Bytes<?> bytes = wire(document).bytes();
                if (bytes.readLong(bytes.readPosition() + MILLIS_AT) < millis) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
        }
        return low;
    }

    private static void move(ExcerptTailer tailer, long index) {
        if (!tailer.moveToIndex(index)) {
            throw new IllegalStateException("not found: index=" + index);
        }
    }

    @Override
    RecordCursor read(List<Object> refs) {
        ExcerptTailer tailer = queue.createTailer();
        return new Excerpts(tailer) {
            private int next;

            @Override
            boolean next() {
                if (next == refs.size()) {
                    return false;
                }
                long index = (Long) refs.get(next++);
                if (tailer.index() != index) {
                    move(tailer, index);
                }
                return super.next();
            }
        };
    }

    /** Reads backwards until each stream has been met. */
    @Override
    RecordCursor latest(int streams) {
        return new Excerpts(queue.createTailer().direction(TailerDirection.BACKWARD).toEnd()) {
            private final boolean[] met = new boolean[setup.streams()];
            private int left = streams;

            @Override
            boolean next() {
                while (left > 0 && super.next()) {
                    if (stream() < streams && !met[stream()]) {
                        met[stream()] = true;
                        left--;
                        return true;
                    }
                }
                return false;
            }
        };
    }

    /** Deletes files, as its documentation leaves to the program. */
    @Override
    void expire(long beforeMillis) {
        File[] files = queue.file().listFiles((folder, name) -> name.endsWith(".cq4"));
        for (File file : files == null ? new File[0] : files) {
            if (!file.getName().startsWith("metadata") && file.lastModified() < beforeMillis && !file.delete()) {
                throw new IllegalStateException("not deleted: file=" + file);
            }
        }
        queue.refreshDirectoryListing();
    }

    @Override
    public void close() {
        queue.close();
    }

    private static class Excerpts extends RecordCursor {
        private final ExcerptTailer tailer;
        private int stream;
        private long millis;
        private int length;
        private long index;

        Excerpts(ExcerptTailer tailer) {
            this.tailer = tailer;
        }

        @Override
        boolean next() {
            try (DocumentContext document = tailer.readingDocument()) {
                if (!document.isPresent()) {
                    return false;
                }
                index = document.index();
                Bytes<?> bytes = wire(document).bytes();
                long start = bytes.readPosition();
                stream = bytes.readInt(start + STREAM_AT);
                millis = bytes.readLong(start + MILLIS_AT);
                length = (int) bytes.readRemaining() - CONTENT_AT;
                bytes.readPosition(start + CONTENT_AT);
                if (bytes.read(content(), 0, length) != length) {
                    throw new IllegalStateException("not all of a record was read: index=" + index);
                }
                return true;
            }
        }

        final long millis() {
            return millis;
        }

        @Override
        int stream() {
            return stream;
        }

        @Override
        int length() {
            return length;
        }

        @Override
        Object ref() {
            return index;
        }

        @Override
        public void close() {
            tailer.close();
        }
    }
}
