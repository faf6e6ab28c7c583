package dev.streamwal.bench.compare;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.CompactionPriority;
import org.rocksdb.CompressionType;
import org.rocksdb.FlushOptions;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.TtlDB;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/** RocksDB: the stream, the time and a number are the key. */
final class RocksStore extends Store {

    /** Of its wiki's "Setup Options and Basic Tuning", where not said otherwise. */
    private static final int BLOCK_BYTES = 16 << 10;
    private static final long BYTES_PER_SYNC = 1 << 20;
    /** As many as the machine has processors would be more than two here, where two is the least that the wiki names. */
    private static final int BACKGROUND_JOBS = 2;
    /** Twice the default: fewer and larger files at these rates, and what the other comparisons of this module use. */
    private static final long WRITE_BUFFER_BYTES = 128L << 20;
    /** A third of what the wiki gives a server, and more than the queried data set. */
    static final long CACHE_BYTES = 512L << 20;
    private static final int BLOOM_BITS = 10;

    private final Options options;
    private final RocksDB database;
    private final WriteOptions writes;
    private final AtomicInteger numbers = new AtomicInteger();

    private RocksStore(Options options, RocksDB database, boolean durable) {
        this.options = options;
        this.database = database;
        this.writes = new WriteOptions().setSync(durable);
    }

    static Options options() {
        return new Options()
                .setCreateIfMissing(true)
                .setWriteBufferSize(WRITE_BUFFER_BYTES)
                .setLevelCompactionDynamicLevelBytes(true)
                .setMaxBackgroundJobs(BACKGROUND_JOBS)
                .setBytesPerSync(BYTES_PER_SYNC)
                .setCompactionPriority(CompactionPriority.MinOverlappingRatio)
                .setCompressionType(CompressionType.LZ4_COMPRESSION)
                .setBottommostCompressionType(CompressionType.ZSTD_COMPRESSION)
                .setTableFormatConfig(new BlockBasedTableConfig()
                        .setBlockSize(BLOCK_BYTES)
                        .setBlockCache(new LRUCache(CACHE_BYTES))
                        .setFilterPolicy(new BloomFilter(BLOOM_BITS, false))
                        .setCacheIndexAndFilterBlocks(true)
                        .setPinL0FilterAndIndexBlocksInCache(true));
    }

    /** With a retention of less than an hour: its TTL database, which drops what is older when it compacts. */
    static Store open(Path folder, Setup setup) throws RocksDBException {
        RocksDB.loadLibrary();
        Options options = options();
        boolean expires = setup.retention().toMinutes() < 60;
        RocksDB database = expires
                ? TtlDB.open(options, folder.toString(), (int) setup.retention().toSeconds(), false)
                : RocksDB.open(options, folder.toString());
        return new RocksStore(options, database, setup.durable());
    }

    @Override
    Writer writer() {
        return new Writer() {
            private final WriteBatch batch = new WriteBatch();

            @Override
            public void append(int stream, long millis, byte[] content) throws RocksDBException {
                database.put(writes, SortedKey.next(stream, millis, numbers), content);
            }

            @Override
            public void appendBatch(int[] streams, long millis, byte[][] contents) throws RocksDBException {
                batch.clear();
                for (int i = 0; i < streams.length; i++) {
                    batch.put(SortedKey.next(streams[i], millis, numbers), contents[i]);
                }
                database.write(writes, batch);
            }

            @Override
            public void close() {
                batch.close();
            }
        };
    }

    @Override
    RecordCursor scan() {
        RocksIterator iterator = database.newIterator(new ReadOptions().setReadaheadSize(2 << 20));
        iterator.seekToFirst();
        return new Iterated(iterator, (stream, millis) -> true, (stream, millis) -> false, (stream, millis) -> iterator.next());
    }

    @Override
    RecordCursor range(int first, int end, long fromMillis, long toMillis) {
        RocksIterator iterator = database.newIterator();
        iterator.seek(SortedKey.first(first, fromMillis));
        return new Iterated(iterator, (stream, millis) -> stream < end && millis >= fromMillis && millis < toMillis,
                (stream, millis) -> stream < end,
                // to the same time of the next stream
                (stream, millis) -> iterator.seek(SortedKey.first(millis < fromMillis ? stream : stream + 1, fromMillis)));
    }

    @Override
    RecordCursor read(List<Object> refs) {
        return new RecordCursor() {
            private int next;
            private int length;

            @Override
            boolean next() throws RocksDBException {
                if (next == refs.size()) {
                    return false;
                }
                length = database.get((byte[]) refs.get(next++), content());
                if (length == RocksDB.NOT_FOUND) {
                    throw new IllegalStateException("not found");
                }
                return true;
            }

            @Override
            int stream() {
                return SortedKey.stream(ByteBuffer.wrap((byte[]) refs.get(next - 1)));
            }

            @Override
            int length() {
                return length;
            }
        };
    }

    @Override
    RecordCursor latest(int streams) {
        RocksIterator iterator = database.newIterator();
        return new Iterated(iterator, (stream, millis) -> true, (stream, millis) -> false, (stream, millis) -> {}) {
            private int stream;

            @Override
            boolean next() {
                if (stream == streams) {
                    return false;
                }
                iterator.seekForPrev(SortedKey.first(++stream, 0));
                return take();
            }
        };
    }

    @Override
    void settle() throws RocksDBException {
        try (FlushOptions flush = new FlushOptions().setWaitForFlush(true)) {
            database.flush(flush);
        }
        database.compactRange();
    }

    @Override
    public void close() {
        writes.close();
        database.close();
        options.close();
    }

    @FunctionalInterface
    private interface Bound {
        boolean holds(int stream, long millis);
    }

    /** Moves from a record that isn't in to one that may be. */
    @FunctionalInterface
    private interface Skip {
        void behind(int stream, long millis);
    }

    /** Records that are in, up to the first one that is neither in nor followed by others that may be. */
    private static class Iterated extends RecordCursor {
        private final RocksIterator iterator;
        private final Bound in;
        private final Bound more;
        private final Skip skip;
        private final ByteBuffer key = ByteBuffer.allocateDirect(SortedKey.BYTES);
        private int length;
        private boolean moves;

        Iterated(RocksIterator iterator, Bound in, Bound more, Skip skip) {
            this.iterator = iterator;
            this.in = in;
            this.more = more;
            this.skip = skip;
        }

        @Override
        boolean next() {
            if (moves) {
                iterator.next();
            }
            moves = true;
            while (take()) {
                int stream = SortedKey.stream(key);
                long millis = SortedKey.millis(key);
                if (in.holds(stream, millis)) {
                    return true;
                }
                if (!more.holds(stream, millis)) {
                    return false;
                }
                skip.behind(stream, millis);
            }
            return false;
        }

        final boolean take() {
            if (!iterator.isValid()) {
                return false;
            }
            iterator.key(key.clear());
            length = iterator.value(content(), 0, content().length);
            return true;
        }

        @Override
        int stream() {
            return SortedKey.stream(key);
        }

        @Override
        int length() {
            return length;
        }

        @Override
        Object ref() {
            return SortedKey.copy(key);
        }

        @Override
        public void close() {
            iterator.close();
        }
    }
}
