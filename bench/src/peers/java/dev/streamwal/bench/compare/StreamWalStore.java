package dev.streamwal.bench.compare;

import dev.streamwal.Durability;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.WriteBatch;
import dev.streamwal.WriteEntry;
import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryBatch;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** This log. */
final class StreamWalStore extends Store {

    private final StreamWal wal;
    private final Setup setup;
    private final WalStream[] streams;
    private final String[] keys;
    private final Durability durability;
    private @Nullable WalReader reader;

    private StreamWalStore(StreamWal wal, Setup setup) {
        this.wal = wal;
        this.setup = setup;
        this.streams = new WalStream[setup.streams()];
        this.keys = new String[setup.streams()];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = Setup.key(i);
        }
        this.durability = setup.durable() ? Durability.IMMEDIATE : Durability.BUFFERED;
    }

    /** Options by default, but for what the workload is about: the durability, the window, how long records are kept, the clock. */
    static Store open(Path folder, Setup setup) {
        Duration sweeps = setup.window().compareTo(Duration.ofMinutes(1)) < 0 ? Duration.ofSeconds(1) : Duration.ofMinutes(1);
        WalOptions options = WalOptions.builder()
                .durability(setup.durable() ? Durability.IMMEDIATE : Durability.BUFFERED)
                .window(setup.window())
                .retention(setup.retention())
                .sweepInterval(sweeps)
                .clock(setup.clock())
                .build();
        return new StreamWalStore(StreamWal.open(folder, options), setup);
    }

    private WalStream stream(int number) {
        WalStream stream = streams[number];
        if (stream == null) {
            stream = wal.stream(keys[number]);
            streams[number] = stream;
        }
        return stream;
    }

    /** Kept open, as a program does that reads again and again; with as much memory for unpacked blocks as RocksDB has. */
    private WalReader reader() {
        if (reader == null) {
            reader = wal.reader(ReaderOptions.builder().blockCacheBytes(RocksStore.CACHE_BYTES).build());
        }
        return reader;
    }

    @Override
    Writer writer() {
        return new Appender();
    }

    private final class Appender implements Writer {
        private final WriteBatch batch = new WriteBatch();

        @Override
        public void append(int stream, long millis, byte[] content) {
            EntryRef unused = stream(stream).append(millis, content);
        }

        @Override
        public void appendBatch(int[] batched, long millis, byte[][] contents) {
            batch.clear();
            for (int i = 0; i < batched.length; i++) {
                batch.add(keys[batched[i]], WriteEntry.of(contents[i], millis));
            }
            List<EntryRef> unused = wal.append(batch, durability);
        }
    }

    @Override
    RecordCursor scan() {
        Iterator<String> all = reader().keys().iterator();
        return new Chained(() -> all.hasNext() ? reader().scan(all.next()) : null);
    }

    @Override
    RecordCursor range(int first, int end, long fromMillis, long toMillis) {
        Instant from = Instant.ofEpochMilli(fromMillis);
        Instant to = Instant.ofEpochMilli(toMillis);
        Iterator<String> asked = List.of(keys).subList(first, end).iterator();
        return new Chained(() -> asked.hasNext() ? reader().scan(asked.next(), from, to) : null);
    }

    @Override
    RecordCursor merged(int first, int end, long fromMillis, long toMillis) {
        if (!Setup.prefix(first).equals(Setup.prefix(end - 1)) || end - first != Setup.SITE_STREAMS) {
            throw new IllegalArgumentException("not a site's streams: first=" + first + ", end=" + end);
        }
        Instant from = Instant.ofEpochMilli(fromMillis);
        Instant to = Instant.ofEpochMilli(toMillis);
        return new Chained(once(reader().scanMerged(Keys.prefix(Setup.prefix(first)), from, to)));
    }

    private static Cursors once(EntryCursor one) {
        Iterator<EntryCursor> left = List.of(one).iterator();
        return () -> left.hasNext() ? left.next() : null;
    }

    @Override
    RecordCursor read(List<Object> refs) {
        List<EntryRef> asked = new ArrayList<>(refs.size());
        for (Object ref : refs) {
            asked.add((EntryRef) ref);
        }
        EntryBatch batch = reader().readBatch(asked);
        return new EntriesCursor() {
            private int next;

            @Override
            @Nullable Entry nextEntry() {
                return next < batch.size() ? batch.get(next++) : null;
            }

            @Override
            public void close() {
                batch.close();
            }
        };
    }

    @Override
    RecordCursor latest(int count) {
        Map<String, Entry> latest = reader().latest(List.of(keys).subList(0, count));
        Iterator<Entry> entries = latest.values().iterator();
        return new EntriesCursor() {
            @Override
            @Nullable Entry nextEntry() {
                return entries.hasNext() ? entries.next() : null;
            }
        };
    }

    /** Packs what is full, or was begun a window ago. */
    @Override
    void settle() {
        int unused = wal.pack();
        wal.sync();
    }

    @Override
    public void close() {
        if (reader != null) {
            reader.close();
        }
        wal.close();
    }

    @Override
    public String toString() {
        return "stream-wal with " + setup;
    }

    /** Gives cursors until there are no more. */
    @FunctionalInterface
    private interface Cursors {
        @Nullable EntryCursor next();
    }

    private static final class Chained extends RecordCursor {
        private final Cursors cursors;
        private @Nullable EntryCursor current;
        private String key = "";
        private int stream;
        private int length;

        Chained(Cursors cursors) {
            this.cursors = cursors;
            this.current = cursors.next();
        }

        @Override
        boolean next() {
            while (current != null) {
                if (isAtNext(current)) {
                    length = current.content().readableBytes();
                    current.content().getBytes(current.content().readerIndex(), content(), 0, length);
                    return true;
                }
                current.close();
                current = cursors.next();
            }
            return false;
        }

        /** What expires while it is read may be there, or not: the next call goes on behind it. */
        private static boolean isAtNext(EntryCursor cursor) {
            while (true) {
                try {
                    return cursor.next();
                } catch (EntryExpiredException swept) {
                    continue;
                }
            }
        }

        @Override
        int stream() {
            String now = current().key();
            if (!now.equals(key)) {
                key = now;
                stream = Setup.stream(now);
            }
            return stream;
        }

        private EntryCursor current() {
            if (current == null) {
                throw new IllegalStateException("behind the last record");
            }
            return current;
        }

        @Override
        int length() {
            return length;
        }

        @Override
        Object ref() {
            return current().ref();
        }

        @Override
        public void close() {
            if (current != null) {
                current.close();
            }
        }
    }

    private abstract static class EntriesCursor extends RecordCursor {
        private @Nullable Entry entry;
        private int length;

        abstract @Nullable Entry nextEntry();

        @Override
        boolean next() {
            entry = nextEntry();
            if (entry == null) {
                return false;
            }
            length = entry.content().readableBytes();
            entry.content().getBytes(entry.content().readerIndex(), content(), 0, length);
            return true;
        }

        @Override
        int stream() {
            if (entry == null) {
                throw new IllegalStateException("behind the last record");
            }
            return Setup.stream(entry.ref().key());
        }

        @Override
        int length() {
            return length;
        }
    }
}
