package dev.streamwal.bench.compare;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
import org.lmdbjava.GetOp;
import org.lmdbjava.Txn;

/** LMDB through lmdbjava: the stream, the time and a number are the key; a database a window, where windows expire. */
final class LmdbStore extends Store {

    /** lmdbjava reaches a buffer's address by reflection. */
    static final List<String> FLAGS = List.of("--add-opens=java.base/java.nio=ALL-UNNAMED", "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED");

    /** An upper bound, of each process that opens it: more can't be read. The file is as long as it has been used. */
    static final long MAP_BYTES = 64L << 30;
    private static final int MAX_WINDOWS = 256;
    private static final int MAX_READERS = 32;
    private static final String ALL = "records";

    private final Env<ByteBuffer> env;
    private final Setup setup;
    private final boolean rolls;
    private final Map<String, Dbi<ByteBuffer>> windows = new ConcurrentSkipListMap<>();
    private final AtomicInteger numbers = new AtomicInteger();

    private LmdbStore(Env<ByteBuffer> env, Setup setup) {
        this.env = env;
        this.setup = setup;
        this.rolls = setup.retention().toMinutes() < 60;
        for (byte[] name : env.getDbiNames()) {
            Dbi<ByteBuffer> unused = window(new String(name, StandardCharsets.US_ASCII));
        }
    }

    /** Durable: its defaults. Otherwise it writes into the mapping and leaves flushing to the kernel, which survives the process. */
    static Store open(Path folder, Setup setup) {
        EnvFlags[] flags = setup.durable()
                ? new EnvFlags[] {EnvFlags.MDB_NOTLS}
                : new EnvFlags[] {EnvFlags.MDB_NOTLS, EnvFlags.MDB_WRITEMAP, EnvFlags.MDB_MAPASYNC};
        Env<ByteBuffer> env = Env.create().setMapSize(MAP_BYTES).setMaxDbs(MAX_WINDOWS).setMaxReaders(MAX_READERS).open(folder.toFile(), flags);
        return new LmdbStore(env, setup);
    }

    private Dbi<ByteBuffer> window(String name) {
        return windows.computeIfAbsent(name, created -> env.openDbi(created, DbiFlags.MDB_CREATE));
    }

    private Dbi<ByteBuffer> windowAt(long millis) {
        return window(rolls ? name(millis) : ALL);
    }

    private String name(long millis) {
        return String.format(Locale.ROOT, "%016d", millis / setup.window().toMillis());
    }

    @Override
    Writer writer() {
        return new Writer() {
            private final ByteBuffer key = ByteBuffer.allocateDirect(SortedKey.BYTES);
            private ByteBuffer value = ByteBuffer.allocateDirect(1 << 10);
            private long windowOfLast = Long.MIN_VALUE;
            private Dbi<ByteBuffer> last = windowAt(setup.clock().millis());

            private Dbi<ByteBuffer> at(long millis) {
                if (rolls && millis / setup.window().toMillis() != windowOfLast) {
                    windowOfLast = millis / setup.window().toMillis();
                    last = windowAt(millis);
                }
                return last;
            }

            private void put(Txn<ByteBuffer> txn, Dbi<ByteBuffer> dbi, int stream, long millis, byte[] content) {
                if (value.capacity() < content.length) {
                    value = ByteBuffer.allocateDirect(content.length);
                }
                key.clear().put(SortedKey.next(stream, millis, numbers)).flip();
                value.clear().put(content).flip();
                if (!dbi.put(txn, key, value)) {
                    throw new IllegalStateException("a key twice");
                }
            }

            @Override
            public void append(int stream, long millis, byte[] content) {
                Dbi<ByteBuffer> dbi = at(millis);
                try (Txn<ByteBuffer> txn = env.txnWrite()) {
                    put(txn, dbi, stream, millis, content);
                    txn.commit();
                }
            }

            @Override
            public void appendBatch(int[] streams, long millis, byte[][] contents) {
                Dbi<ByteBuffer> dbi = at(millis);
                try (Txn<ByteBuffer> txn = env.txnWrite()) {
                    for (int i = 0; i < streams.length; i++) {
                        put(txn, dbi, streams[i], millis, contents[i]);
                    }
                    txn.commit();
                }
            }
        };
    }

    @Override
    void expire(long beforeMillis) {
        for (Map.Entry<String, Dbi<ByteBuffer>> window : windows.entrySet()) {
            if (window.getKey().compareTo(name(beforeMillis)) < 0) {
                try (Txn<ByteBuffer> txn = env.txnWrite()) {
                    window.getValue().drop(txn, true);
                    txn.commit();
                }
                windows.remove(window.getKey());
            }
        }
    }

    @Override
    RecordCursor scan() {
        return new Walk(windows.isEmpty() ? List.of(window(ALL)) : List.copyOf(windows.values())) {
            @Override
            boolean move() {
                return cursor().next();
            }
        };
    }

    @Override
    RecordCursor range(int first, int end, long fromMillis, long toMillis) {
        return new Walk(List.of(window(ALL))) {
            private int stream = first;
            private boolean inside;

            @Override
            boolean move() {
                while (stream < end) {
                    boolean found = inside ? cursor().next() : seek(SortedKey.first(stream, fromMillis));
                    inside = found && SortedKey.stream(cursor().key()) == stream && SortedKey.millis(cursor().key()) < toMillis;
                    if (inside) {
                        return true;
                    }
                    stream++;
                }
                return false;
            }
        };
    }

    @Override
    RecordCursor read(List<Object> refs) {
        return new Walk(List.of(window(ALL))) {
            private int next;

            @Override
            boolean move() {
                if (next == refs.size()) {
                    return false;
                }
                if (!seek((byte[]) refs.get(next++))) {
                    throw new IllegalStateException("not found");
                }
                return true;
            }
        };
    }

    @Override
    RecordCursor latest(int streams) {
        return new Walk(List.of(window(ALL))) {
            private int stream;

            @Override
            boolean move() {
                return stream < streams && (seek(SortedKey.first(++stream, 0)) ? cursor().prev() : cursor().last());
            }
        };
    }

    @Override
    void settle() {
        env.sync(true);
    }

    @Override
    public void close() {
        env.close();
    }

    /** Records of one read transaction, database by database. */
    private abstract class Walk extends RecordCursor {
        private final ByteBuffer asked = ByteBuffer.allocateDirect(SortedKey.BYTES);
        private final Txn<ByteBuffer> txn = env.txnRead();
        private final List<Dbi<ByteBuffer>> databases;
        private int database;
        private Cursor<ByteBuffer> cursor;
        private int length;

        Walk(List<Dbi<ByteBuffer>> databases) {
            this.databases = databases;
            this.cursor = databases.get(0).openCursor(txn);
        }

        abstract boolean move();

        final Cursor<ByteBuffer> cursor() {
            return cursor;
        }

        final boolean seek(byte[] key) {
            asked.clear().put(key).flip();
            return cursor.get(asked, GetOp.MDB_SET_RANGE);
        }

        @Override
        boolean next() {
            while (!move()) {
                if (++database >= databases.size()) {
                    return false;
                }
                cursor.close();
                cursor = databases.get(database).openCursor(txn);
            }
            ByteBuffer value = cursor.val();
            length = value.remaining();
            value.get(0, content(), 0, length);
            return true;
        }

        @Override
        int stream() {
            return SortedKey.stream(cursor.key());
        }

        @Override
        int length() {
            return length;
        }

        @Override
        Object ref() {
            return SortedKey.copy(cursor.key());
        }

        @Override
        public void close() {
            cursor.close();
            txn.close();
        }
    }
}
