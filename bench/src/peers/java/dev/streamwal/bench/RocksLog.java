package dev.streamwal.bench;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.rocksdb.CompressionType;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/** RocksDB's WAL, each write synced: the stream's number and a sequence are the key. A new database each time. */
final class RocksLog implements DurableLog {

    private static final long WRITE_BUFFER_BYTES = 128L << 20;

    private final Options options;
    private final RocksDB database;
    private final WriteOptions synced = new WriteOptions().setSync(true);
    private final AtomicLong sequence = new AtomicLong();
    private final WriteBatch batch = new WriteBatch();
    private final List<Completion> gathered = new ArrayList<>();

    private RocksLog(Options options, RocksDB database) {
        this.options = options;
        this.database = database;
    }

    static RocksLog open(Path folder) throws Exception {
        BenchFolder.delete(folder);
        Files.createDirectories(folder);
        RocksDB.loadLibrary();
        Options options = new Options()
                .setCreateIfMissing(true)
                .setWriteBufferSize(WRITE_BUFFER_BYTES)
                .setCompressionType(CompressionType.NO_COMPRESSION);
        return new RocksLog(options, RocksDB.open(options, folder.toString()));
    }

    private byte[] key(int stream) {
        return ByteBuffer.allocate(2 * Long.BYTES).putLong(stream).putLong(sequence.getAndIncrement()).array();
    }

    @Override
    public void append(int stream, byte[] content) throws RocksDBException {
        database.put(synced, key(stream), content);
    }

    @Override
    public void appendAsync(int stream, byte[] content, Completion completion) throws RocksDBException {
        batch.put(key(stream), content);
        gathered.add(completion);
        if (gathered.size() == DurableLoad.IN_FLIGHT) {
            flush();
        }
    }

    @Override
    public void flush() throws RocksDBException {
        database.write(synced, batch);
        batch.clear();
        gathered.forEach(Completion::durable);
        gathered.clear();
    }

    @Override
    public void close() {
        batch.close();
        synced.close();
        database.close();
        options.close();
    }
}
