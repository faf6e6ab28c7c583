package dev.streamwal.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.activemq.artemis.core.io.nio.NIOSequentialFileFactory;
import org.apache.activemq.artemis.core.journal.IOCompletion;
import org.apache.activemq.artemis.core.journal.impl.JournalImpl;
import org.apache.activemq.artemis.core.journal.impl.dataformat.ByteArrayEncoding;

/** Artemis' journal on NIO: one journal, the stream's number in front of the record. A new one each time. */
final class ArtemisLog implements DurableLog {

    /** The broker's defaults. */
    static final int DEFAULT_BUFFER_TIMEOUT_NANOS = 1_000_000_000 / 300;
    private static final int BUFFER_BYTES = 490 * 1024;
    private static final int FILE_BYTES = 10 << 20;
    /** Made beforehand, so that few are made while it is measured. */
    private static final int FILES = 16;

    private static final byte RECORD_TYPE = 1;
    private static final int NO_COMPACTING = 0;

    private final JournalImpl journal;
    private final AtomicLong ids = new AtomicLong(1);

    private ArtemisLog(JournalImpl journal) {
        this.journal = journal;
    }

    static ArtemisLog open(Path folder, int bufferTimeoutNanos) throws Exception {
        BenchFolder.delete(folder);
        Files.createDirectories(folder);
        NIOSequentialFileFactory files =
                new NIOSequentialFileFactory(folder.toFile(), true, BUFFER_BYTES, bufferTimeoutNanos, 1, false);
        JournalImpl journal = new JournalImpl(FILE_BYTES, FILES, FILES, NO_COMPACTING, NO_COMPACTING, files, "bench", "log", 1);
        journal.start();
        journal.loadInternalOnly();
        return new ArtemisLog(journal);
    }

    private static byte[] record(int stream, byte[] content) {
        return ByteBuffer.allocate(Integer.BYTES + content.length).putInt(stream).put(content).array();
    }

    @Override
    public void append(int stream, byte[] content) throws Exception {
        journal.appendAddRecord(ids.getAndIncrement(), RECORD_TYPE, record(stream, content), true);
    }

    @Override
    public void appendAsync(int stream, byte[] content, Completion completion) throws Exception {
        journal.appendAddRecord(ids.getAndIncrement(), RECORD_TYPE, new ByteArrayEncoding(record(stream, content)), true, new IOCompletion() {
            @Override
            public void storeLineUp() {
                // nothing is lined up here
            }

            @Override
            public void done() {
                completion.durable();
            }

            @Override
            public void onError(int code, String message) {
                completion.failed(new IllegalStateException(message));
            }
        });
    }

    @Override
    public void close() throws IOException {
        try {
            journal.stop();
        } catch (Exception e) {
            throw new IOException("the journal doesn't stop", e);
        }
    }
}
