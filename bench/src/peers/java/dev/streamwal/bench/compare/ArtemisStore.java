package dev.streamwal.bench.compare;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.activemq.artemis.core.io.nio.NIOSequentialFileFactory;
import org.apache.activemq.artemis.core.journal.PreparedTransactionInfo;
import org.apache.activemq.artemis.core.journal.RecordInfo;
import org.apache.activemq.artemis.core.journal.impl.JournalImpl;

/** Artemis' journal on NIO: one journal, in front of each record its stream. It is read when it is loaded, only. */
final class ArtemisStore extends Store {

    /** The broker's defaults, but for the timeout. */
    private static final int BUFFER_BYTES = 490 * 1024;
    private static final int FILE_BYTES = 10 << 20;
    private static final int MIN_FILES = 2;
    private static final int POOLED_FILES = 10;
    private static final int COMPACT_MIN_FILES = 10;
    private static final int COMPACT_PERCENTAGE = 30;
    /** What its tool finds for a disk that flushes in 0.1 ms. Its default of 3.33 ms is for a disk with 300 flushes a second. */
    private static final int BUFFER_TIMEOUT_NANOS = 100_000;
    private static final int MAX_IO = 1;
    private static final byte RECORD_TYPE = 1;

    private final JournalImpl journal;
    private final List<RecordInfo> loaded;
    private final boolean durable;
    private final boolean expires;
    private final AtomicLong ids;
    /** Of windows, where they expire: when the first record was appended, and its id. */
    private final Deque<long[]> begun = new ArrayDeque<>();
    private long deleted = 1;

    private ArtemisStore(JournalImpl journal, List<RecordInfo> loaded, Setup setup) {
        this.journal = journal;
        this.loaded = loaded;
        this.durable = setup.durable();
        this.expires = setup.retention().toMinutes() < 60;
        this.ids = new AtomicLong(1 + loaded.stream().mapToLong(record -> record.id).max().orElse(0));
    }

    static Store open(Path folder, Setup setup) throws Exception {
        NIOSequentialFileFactory files =
                new NIOSequentialFileFactory(folder.toFile(), true, BUFFER_BYTES, BUFFER_TIMEOUT_NANOS, MAX_IO, false);
        JournalImpl journal = new JournalImpl(FILE_BYTES, MIN_FILES, POOLED_FILES, COMPACT_MIN_FILES, COMPACT_PERCENTAGE, files, "compare", "log", MAX_IO);
        journal.start();
        List<RecordInfo> loaded = new ArrayList<>();
        List<PreparedTransactionInfo> prepared = new ArrayList<>();
        journal.load(loaded, prepared, (transaction, records, deletions) -> {}, false);
        return new ArtemisStore(journal, loaded, setup);
    }

    @Override
    Writer writer() {
        return (stream, millis, content) -> {
            byte[] record = ByteBuffer.allocate(Integer.BYTES + content.length).putInt(stream).put(content).array();
            journal.appendAddRecord(ids.getAndIncrement(), RECORD_TYPE, record, durable);
        };
    }

    @Override
    RecordCursor scan() {
        return new RecordCursor() {
            private int next;

            @Override
            boolean next() {
                if (next == loaded.size()) {
                    return false;
                }
                byte[] data = loaded.get(next++).data;
                System.arraycopy(data, Integer.BYTES, content(), 0, data.length - Integer.BYTES);
                return true;
            }

            @Override
            int stream() {
                return ByteBuffer.wrap(loaded.get(next - 1).data).getInt();
            }

            @Override
            int length() {
                return loaded.get(next - 1).data.length - Integer.BYTES;
            }
        };
    }

    /** Deletes record by record, as a broker does with messages that were consumed; the journal compacts its files then. */
    @Override
    void expire(long beforeMillis) throws Exception {
        if (!expires) {
            return;
        }
        begun.add(new long[] {System.currentTimeMillis(), ids.get()});
        while (begun.size() > 1 && begun.peekFirst()[0] < beforeMillis) {
            long end = begun.removeFirst()[1];
            while (deleted < end) {
                journal.appendDeleteRecord(deleted++, false);
            }
        }
    }

    @Override
    public void close() throws IOException {
        try {
            // stopping alone drops what its threads haven't written: a quarter of what was appended in five seconds
            journal.flush();
            journal.stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the journal stopped", e);
        } catch (Exception e) {
            throw new IOException("the journal doesn't stop", e);
        }
    }
}
