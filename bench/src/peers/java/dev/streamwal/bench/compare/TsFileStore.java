package dev.streamwal.bench.compare;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.apache.tsfile.enums.TSDataType;
import org.apache.tsfile.exception.write.WriteProcessException;
import org.apache.tsfile.file.metadata.ChunkMetadata;
import org.apache.tsfile.file.metadata.IDeviceID;
import org.apache.tsfile.file.metadata.TimeseriesMetadata;
import org.apache.tsfile.file.metadata.enums.CompressionType;
import org.apache.tsfile.file.metadata.enums.TSEncoding;
import org.apache.tsfile.file.metadata.statistics.BinaryStatistics;
import org.apache.tsfile.read.TsFileSequenceReader;
import org.apache.tsfile.read.common.BatchData;
import org.apache.tsfile.read.filter.basic.Filter;
import org.apache.tsfile.read.filter.factory.TimeFilterApi;
import org.apache.tsfile.read.reader.chunk.ChunkReader;
import org.apache.tsfile.utils.Binary;
import org.apache.tsfile.write.TsFileWriter;
import org.apache.tsfile.write.record.TSRecord;
import org.apache.tsfile.write.record.datapoint.StringDataPoint;
import org.apache.tsfile.write.schema.MeasurementSchema;
import org.jspecify.annotations.Nullable;

/** Apache TsFile: a device a stream, one text measurement; a file a window. A file is read when it is complete. */
final class TsFileStore extends Store {

    private static final String MEASUREMENT = "v";
    /** A device's times must differ: in each millisecond there is room for so many. */
    private static final long TIMES_A_MILLI = 1_000;

    private final Path folder;
    private final Setup setup;
    private final IDeviceID[] devices;
    private final String[] names;
    private final long[] lastTimes;
    private final boolean[] registered;
    private final List<File> files = new ArrayList<>();
    private final List<TsFileSequenceReader> sequences = new ArrayList<>();
    private @Nullable TsFileWriter writer;
    private long window = Long.MIN_VALUE;
    private int begun;

    private TsFileStore(Path folder, Setup setup) {
        this.folder = folder;
        this.setup = setup;
        this.devices = new IDeviceID[setup.streams()];
        this.names = new String[setup.streams()];
        this.lastTimes = new long[setup.streams()];
        this.registered = new boolean[setup.streams()];
    }

    static Store open(Path folder, Setup setup) throws IOException {
        if (setup.durable()) {
            throw new Cannot("a file is safe when it is complete, not a record when it is appended");
        }
        TsFileStore store = new TsFileStore(folder, setup);
        for (int i = 0; i < store.names.length; i++) {
            store.names[i] = name(i);
            store.devices[i] = IDeviceID.Factory.DEFAULT_FACTORY.create(store.names[i]);
        }
        File[] found = folder.toFile().listFiles((in, name) -> name.endsWith(".tsfile"));
        File[] sorted = found == null ? new File[0] : found;
        Arrays.sort(sorted);
        for (File file : sorted) {
            store.files.add(file);
            store.sequences.add(new TsFileSequenceReader(file.toString()));
        }
        store.begun = sorted.length;
        return store;
    }

    private static String name(int stream) {
        return String.format(Locale.ROOT, "root.s%06d.d%d", stream / Setup.SITE_STREAMS, stream % Setup.SITE_STREAMS);
    }

    /** Its writer is for one thread: under a lock. */
    private synchronized void append(int stream, long millis, byte[] content) throws IOException, WriteProcessException {
        TsFileWriter to = writer(millis);
        if (!registered[stream]) {
            to.registerTimeseries(devices[stream], new MeasurementSchema(MEASUREMENT, TSDataType.TEXT, TSEncoding.PLAIN, CompressionType.LZ4));
            registered[stream] = true;
        }
        long time = Math.max(lastTimes[stream] + 1, millis * TIMES_A_MILLI);
        lastTimes[stream] = time;
        TSRecord record = new TSRecord(devices[stream], time);
        // it keeps the array until its chunk is encoded
        record.addTuple(new StringDataPoint(MEASUREMENT, new Binary(content.clone())));
        boolean unused = to.writeRecord(record);
    }

    private TsFileWriter writer(long millis) throws IOException {
        boolean rolls = setup.retention().toMinutes() < 60 && millis / setup.window().toMillis() != window;
        window = millis / setup.window().toMillis();
        if (writer != null && rolls) {
            writer.close();
            writer = null;
        }
        if (writer == null) {
            File file = folder.resolve(String.format(Locale.ROOT, "%08d.tsfile", begun++)).toFile();
            files.add(file);
            writer = new TsFileWriter(file);
            Arrays.fill(registered, false);
        }
        return writer;
    }

    @Override
    Writer writer() {
        return this::append;
    }

    @Override
    RecordCursor scan() {
        return query(0, names.length, null);
    }

    @Override
    RecordCursor range(int first, int end, long fromMillis, long toMillis) {
        return query(first, end, TimeFilterApi.between(fromMillis * TIMES_A_MILLI, toMillis * TIMES_A_MILLI - 1));
    }

    /** Stream by stream, in each file. */
    private RecordCursor query(int first, int end, @Nullable Filter filter) {
        return new Rows() {
            private int stream = first - 1;
            private int file = sequences.size();
            private @Nullable Points points;

            @Override
            boolean next() throws IOException {
                while (points == null || !points.next()) {
                    if (++file >= sequences.size()) {
                        file = 0;
                        stream++;
                    }
                    if (stream >= end || sequences.isEmpty()) {
                        return false;
                    }
                    points = new Points(sequences.get(file), devices[stream], filter);
                }
                take(stream, points.time(), points.value());
                return true;
            }
        };
    }

    /**
     * A series of one file, chunk by chunk and page by page, as IoTDB reads it: each query of a {@code TsFileReader} goes through all devices.
     */
    private static final class Points {
        private final TsFileSequenceReader reader;
        private final @Nullable Filter filter;
        private final Iterator<ChunkMetadata> chunks;
        private @Nullable ChunkReader chunk;
        private @Nullable BatchData page;
        private boolean moves;

        Points(TsFileSequenceReader reader, IDeviceID device, @Nullable Filter filter) throws IOException {
            this.reader = reader;
            this.filter = filter;
            this.chunks = reader.getChunkMetadataList(device, MEASUREMENT, true).iterator();
        }

        boolean next() throws IOException {
            if (moves && page != null) {
                page.next();
            }
            while (page == null || !page.hasCurrent()) {
                if (chunk != null && chunk.hasNextSatisfiedPage()) {
                    page = chunk.nextPageData();
                } else if (!nextChunk()) {
                    return false;
                }
            }
            moves = true;
            return true;
        }

        private boolean nextChunk() throws IOException {
            while (chunks.hasNext()) {
                ChunkMetadata metadata = chunks.next();
                if (filter == null || filter.satisfyStartEndTime(metadata.getStartTime(), metadata.getEndTime())) {
                    page = null;
                    moves = false;
                    chunk = new ChunkReader(reader.readMemChunk(metadata), filter);
                    return true;
                }
            }
            return false;
        }

        private BatchData page() {
            if (page == null) {
                throw new IllegalStateException("before the first point");
            }
            return page;
        }

        long time() {
            return page().currentTime();
        }

        Binary value() {
            return page().getBinary();
        }
    }

    /** Where a record stands: its device, and its time. */
    private record Ref(int stream, long time) {}

    @Override
    RecordCursor read(List<Object> refs) {
        return new Rows() {
            private int next;

            @Override
            boolean next() throws IOException {
                if (next == refs.size()) {
                    return false;
                }
                Ref ref = (Ref) refs.get(next++);
                for (TsFileSequenceReader reader : sequences) {
                    Points points = new Points(reader, devices[ref.stream], TimeFilterApi.eq(ref.time));
                    if (points.next()) {
                        take(ref.stream, points.time(), points.value());
                        return true;
                    }
                }
                throw new IllegalStateException("not found: " + ref);
            }
        };
    }

    /** Its files' statistics have each series' last value. */
    @Override
    RecordCursor latest(int streams) {
        return new Rows() {
            private int stream = -1;

            @Override
            boolean next() throws IOException {
                if (++stream == streams) {
                    return false;
                }
                for (int i = sequences.size() - 1; i >= 0; i--) {
                    TimeseriesMetadata metadata = sequences.get(i).readTimeseriesMetadata(devices[stream], MEASUREMENT, true);
                    if (metadata != null) {
                        BinaryStatistics statistics = (BinaryStatistics) metadata.getStatistics();
                        take(stream, statistics.getEndTime(), statistics.getLastValue());
                        return true;
                    }
                }
                throw new IllegalStateException("not found: stream=" + stream);
            }
        };
    }

    /** Deletes complete files. */
    @Override
    synchronized void expire(long beforeMillis) {
        while (files.size() > 1 && files.get(0).lastModified() < beforeMillis) {
            if (!files.remove(0).delete()) {
                throw new IllegalStateException("not deleted");
            }
        }
    }

    @Override
    public synchronized void close() throws IOException {
        if (writer != null) {
            writer.close();
            writer = null;
        }
        for (TsFileSequenceReader reader : sequences) {
            reader.close();
        }
    }

    private abstract static class Rows extends RecordCursor {
        private int stream;
        private long time;
        private int length;

        final void take(int of, long at, Binary value) {
            stream = of;
            time = at;
            length = value.getLength();
            System.arraycopy(value.getValues(), 0, content(), 0, length);
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
            return new Ref(stream, time);
        }
    }
}
