package dev.streamwal.bench.compare;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.FileRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.jspecify.annotations.Nullable;

/**
 * Kafka's {@code FileRecords}, which is what a broker writes a partition's records with: one partition, the stream is the record's key. There is no
 * broker around it, no network, no index.
 */
final class KafkaStore extends Store {

    /** The broker's default of {@code log.segment.bytes}. */
    private static final int SEGMENT_BYTES = 1 << 30;
    /** The consumer's default of {@code max.partition.fetch.bytes}. */
    private static final int FETCH_BYTES = 1 << 20;

    private final Path folder;
    private final Setup setup;
    private final List<Segment> segments = new ArrayList<>();
    private long nextOffset;
    private long window = Long.MIN_VALUE;

    /** A file, and an index of it by time, as a broker has one in a file of its own; made when it is first asked. */
    private static final class Segment {
        private final FileRecords records;
        private @Nullable TreeMap<Long, Integer> byTime;

        Segment(FileRecords records) {
            this.records = records;
        }

        /** Of the first batch that ends at or behind a time. */
        int position(long millis) {
            if (byTime == null) {
                byTime = new TreeMap<>();
                for (var batch : records.batches()) {
                    byTime.putIfAbsent(batch.maxTimestamp(), batch.position());
                }
            }
            var found = byTime.ceilingEntry(millis);
            return found == null ? records.sizeInBytes() : found.getValue();
        }
    }

    /** Where a record stands: file, batch, offset. */
    private record Ref(int segment, int position, int bytes, long offset) {}

    private KafkaStore(Path folder, Setup setup) {
        this.folder = folder;
        this.setup = setup;
    }

    static Store open(Path folder, Setup setup) throws IOException {
        KafkaStore store = new KafkaStore(folder, setup);
        File[] files = folder.toFile().listFiles((in, name) -> name.endsWith(".log"));
        File[] sorted = files == null ? new File[0] : files;
        Arrays.sort(sorted);
        for (File file : sorted) {
            store.segments.add(new Segment(FileRecords.open(file, true)));
        }
        return store;
    }

    private static SimpleRecord record(int stream, long millis, byte[] content) {
        return new SimpleRecord(millis, ByteBuffer.allocate(Integer.BYTES).putInt(stream).array(), content);
    }

    private static int stream(Record record) {
        return record.key().getInt(0);
    }

    /** Under a lock, as in a broker. */
    private synchronized void append(long millis, SimpleRecord... batch) throws IOException {
        MemoryRecords records = MemoryRecords.withRecords(nextOffset, Compression.NONE, batch);
        FileRecords file = file(millis, records.sizeInBytes());
        nextOffset += batch.length;
        int unused = file.append(records);
        if (setup.durable()) {
            file.flush();
        }
    }

    private FileRecords file(long millis, int bytes) throws IOException {
        boolean rolls = setup.retention().toMinutes() < 60 && millis / setup.window().toMillis() != window;
        window = millis / setup.window().toMillis();
        if (segments.isEmpty() || rolls || segments.get(segments.size() - 1).records.sizeInBytes() > SEGMENT_BYTES - bytes) {
            File file = folder.resolve(String.format(Locale.ROOT, "%020d.log", nextOffset)).toFile();
            segments.add(new Segment(FileRecords.open(file, true)));
        }
        return segments.get(segments.size() - 1).records;
    }

    @Override
    Writer writer() {
        return new Writer() {
            @Override
            public void append(int stream, long millis, byte[] content) throws IOException {
                KafkaStore.this.append(millis, record(stream, millis, content));
            }

            @Override
            public void appendBatch(int[] streams, long millis, byte[][] contents) throws IOException {
                SimpleRecord[] batch = new SimpleRecord[streams.length];
                for (int i = 0; i < batch.length; i++) {
                    batch[i] = record(streams[i], millis, contents[i]);
                }
                KafkaStore.this.append(millis, batch);
            }
        };
    }

    @Override
    RecordCursor scan() {
        return new Fetches(Long.MIN_VALUE);
    }

    /** All streams' records of that time are read. */
    @Override
    RecordCursor range(int first, int end, long fromMillis, long toMillis) {
        return new Fetches(fromMillis) {
            @Override
            boolean next() throws IOException {
                while (super.next() && record().timestamp() < toMillis) {
                    if (stream() >= first && stream() < end && record().timestamp() >= fromMillis) {
                        return true;
                    }
                }
                return false;
            }
        };
    }

    @Override
    RecordCursor read(List<Object> refs) {
        return new Records() {
            private int next;
            private @Nullable Ref batchOfLast;
            private @Nullable MutableRecordBatch batch;

            @Override
            boolean next() throws IOException {
                if (next == refs.size()) {
                    return false;
                }
                Ref ref = (Ref) refs.get(next++);
                if (batch == null || batchOfLast == null || batchOfLast.position != ref.position || batchOfLast.segment != ref.segment) {
                    ByteBuffer bytes = ByteBuffer.allocate(ref.bytes);
                    segments.get(ref.segment).records.readInto(bytes, ref.position);
                    batch = MemoryRecords.readableRecords(bytes).batchIterator().next();
                    batch.ensureValid();
                    batchOfLast = ref;
                }
                for (Record record : batch) {
                    if (record.offset() == ref.offset) {
                        take(record);
                        return true;
                    }
                }
                throw new IllegalStateException("not found: " + ref);
            }
        };
    }

    @Override
    RecordCursor latest(int streams) {
        throw new Cannot("a key's last record is found by reading the whole partition");
    }

    /** Deletes files, as a broker does. */
    @Override
    synchronized void expire(long beforeMillis) throws IOException {
        while (segments.size() > 1 && segments.get(0).records.file().lastModified() < beforeMillis) {
            if (!segments.remove(0).records.deleteIfExists()) {
                throw new IllegalStateException("not deleted");
            }
        }
    }

    @Override
    public void close() throws IOException {
        for (Segment segment : segments) {
            segment.records.close();
        }
    }

    private abstract static class Records extends RecordCursor {
        private @Nullable Record record;
        private int length;

        final void take(Record taken) {
            record = taken;
            ByteBuffer value = taken.value();
            length = value.remaining();
            value.get(0, content(), 0, length);
        }

        final Record record() {
            if (record == null) {
                throw new IllegalStateException("before the first record");
            }
            return record;
        }

        @Override
        int stream() {
            return KafkaStore.stream(record());
        }

        @Override
        int length() {
            return length;
        }
    }

    /** Reads as a consumer fetches, and checks the checksums as it does by default. */
    private class Fetches extends Records {
        private final long fromMillis;
        private final ByteBuffer bytes = ByteBuffer.allocate(FETCH_BYTES);
        private int segment;
        private int position;
        private int batchPosition;
        private @Nullable MutableRecordBatch batch;
        private Iterator<MutableRecordBatch> batches = List.<MutableRecordBatch>of().iterator();
        private Iterator<Record> records = List.<Record>of().iterator();

        Fetches(long fromMillis) {
            this.fromMillis = fromMillis;
            this.position = segments.isEmpty() ? 0 : start(0);
        }

        private int start(int of) {
            return fromMillis == Long.MIN_VALUE ? 0 : segments.get(of).position(fromMillis);
        }

        @Override
        boolean next() throws IOException {
            while (!records.hasNext()) {
                if (!nextBatch()) {
                    return false;
                }
            }
            take(records.next());
            return true;
        }

        private boolean nextBatch() throws IOException {
            if (batch != null) {
                batchPosition += batch.sizeInBytes();
            }
            if (!batches.hasNext() && !fetch()) {
                return false;
            }
            batch = batches.next();
            batch.ensureValid();
            records = batch.iterator();
            return true;
        }

        private boolean fetch() throws IOException {
            while (segment < segments.size() && position >= segments.get(segment).records.sizeInBytes()) {
                segment++;
                position = segment < segments.size() ? start(segment) : 0;
            }
            if (segment == segments.size()) {
                return false;
            }
            FileRecords file = segments.get(segment).records;
            bytes.clear().limit(Math.min(FETCH_BYTES, file.sizeInBytes() - position));
            file.readInto(bytes, position);
            MemoryRecords fetched = MemoryRecords.readableRecords(bytes);
            batchPosition = position;
            batch = null;
            position += fetched.validBytes();
            batches = fetched.batchIterator();
            return true;
        }

        @Override
        Object ref() {
            if (batch == null) {
                throw new IllegalStateException("before the first record");
            }
            return new Ref(segment, batchPosition, batch.sizeInBytes(), record().offset());
        }
    }
}
