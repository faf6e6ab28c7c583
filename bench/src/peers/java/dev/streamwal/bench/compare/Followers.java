package dev.streamwal.bench.compare;

import dev.streamwal.bench.BenchFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.CursorIterable;
import org.lmdbjava.Dbi;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
import org.lmdbjava.KeyRange;
import org.lmdbjava.Txn;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/** How another process sees what is appended to each log that has no follower of its own: what a program would write. */
final class Followers {

    private static final int MAX_DBS = 2;
    private static final int MAX_FOLLOWERS = 32;

    private Followers() {}

    /** The rows behind the last one. */
    static PolledFollower.Source sqlite(Path folder) throws SQLException {
        Connection connection = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("log.db"));
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA busy_timeout = 10000");
        }
        PreparedStatement next = connection.prepareStatement("SELECT id, content FROM records WHERE id > ? ORDER BY id LIMIT 1");
        return new PolledFollower.Source() {
            private long last = end();

            private long end() throws SQLException {
                try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery("SELECT max(id) FROM records")) {
                    return rows.next() ? rows.getLong(1) : 0;
                }
            }

            @Override
            public boolean poll(byte[] content) throws SQLException {
                next.setLong(1, last);
                try (ResultSet rows = next.executeQuery()) {
                    if (!rows.next()) {
                        return false;
                    }
                    last = rows.getLong(1);
                    System.arraycopy(rows.getBytes(2), 0, content, 0, content.length);
                    return true;
                }
            }

            @Override
            public void close() throws IOException {
                SqliteStore.close(next, connection);
            }
        };
    }

    /** The keys behind the last one. */
    static PolledFollower.Source lmdb(Path folder) {
        Env<ByteBuffer> env = Env.create().setMapSize(LmdbStore.MAP_BYTES).setMaxDbs(MAX_DBS).setMaxReaders(MAX_FOLLOWERS).open(folder.toFile(), EnvFlags.MDB_RDONLY_ENV);
        Dbi<ByteBuffer> records = env.openDbi("records");
        ByteBuffer last = ByteBuffer.allocateDirect(SortedKey.BYTES);
        PolledFollower.Source source = new PolledFollower.Source() {
            @Override
            public boolean poll(byte[] content) {
                try (Txn<ByteBuffer> txn = env.txnRead(); CursorIterable<ByteBuffer> behind = records.iterate(txn, KeyRange.greaterThan(last))) {
                    for (CursorIterable.KeyVal<ByteBuffer> record : behind) {
                        record.val().get(0, content, 0, Math.min(content.length, record.val().remaining()));
                        last.clear().put(SortedKey.copy(record.key())).flip();
                        return true;
                    }
                    return false;
                }
            }

            @Override
            public void close() {
                env.close();
            }
        };
        last.clear().put(SortedKey.first(0, 0)).flip();
        skip(source);
        return source;
    }

    /** A secondary instance, which reads the primary's log; the keys behind the last one. */
    static PolledFollower.Source rocks(Path folder) throws RocksDBException, IOException {
        RocksDB.loadLibrary();
        Path own = folder.resolveSibling("secondary");
        Files.createDirectories(own);
        Options options = RocksStore.options().setMaxOpenFiles(-1);
        RocksDB database = RocksDB.openAsSecondary(options, folder.toString(), own.toString());
        PolledFollower.Source source = new PolledFollower.Source() {
            private byte[] last = SortedKey.first(0, 0);
            private @Nullable RocksIterator iterator;

            @Override
            public boolean poll(byte[] content) throws RocksDBException {
                if (iterator != null) {
                    iterator.next();
                    if (take(iterator, content)) {
                        return true;
                    }
                    iterator.close();
                }
                database.tryCatchUpWithPrimary();
                iterator = database.newIterator();
                iterator.seek(last);
                if (iterator.isValid() && Arrays.equals(iterator.key(), last)) {
                    iterator.next();
                }
                if (take(iterator, content)) {
                    return true;
                }
                iterator.close();
                iterator = null;
                return false;
            }

            private boolean take(RocksIterator from, byte[] content) {
                if (!from.isValid()) {
                    return false;
                }
                last = from.key();
                int unused = from.value(content, 0, content.length);
                return true;
            }

            @Override
            public void close() {
                if (iterator != null) {
                    iterator.close();
                }
                database.close();
                options.close();
                BenchFolder.delete(own);
            }
        };
        skip(source);
        return source;
    }

    /** The file's bytes behind the last batch. */
    static PolledFollower.Source kafka(Path folder) throws IOException {
        FileChannel channel = FileChannel.open(folder.resolve("00000000000000000000.log"));
        return new PolledFollower.Source() {
            private final ByteBuffer bytes = ByteBuffer.allocate(1 << 20);
            private final Queue<Record> records = new ArrayDeque<>();
            private long position = channel.size();

            @Override
            public boolean poll(byte[] content) throws IOException {
                if (records.isEmpty()) {
                    fetch();
                }
                Record record = records.poll();
                if (record != null) {
                    record.value().get(content);
                }
                return record != null;
            }

            private void fetch() throws IOException {
                bytes.clear();
                int count = channel.read(bytes, position);
                if (count > 0) {
                    MemoryRecords fetched = MemoryRecords.readableRecords(bytes.flip());
                    for (MutableRecordBatch batch : fetched.batches()) {
                        batch.ensureValid();
                        for (Record record : batch) {
                            records.add(record);
                        }
                    }
                    position += fetched.validBytes();
                }
            }

            @Override
            public void close() throws IOException {
                channel.close();
            }
        };
    }

    /** Goes behind what is there. */
    private static void skip(PolledFollower.Source source) {
        byte[] unused = new byte[1 << 10];
        try {
            while (source.poll(unused)) {
                // goes on to the next one
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
