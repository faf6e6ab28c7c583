package dev.streamwal.bench;

import dev.streamwal.StreamWal;
import dev.streamwal.WalStream;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Function;
import java.util.stream.IntStream;

/** This log, with its default options: one stream followed by its key, or many by a prefix of their keys. */
public final class StreamWalTail {

    private static final String PREFIX = "bench/";
    /** The number of streams that get records, of many. */
    private static final int BUSY_STREAMS = 4;

    private StreamWalTail() {}

    private static String key(int stream) {
        return PREFIX + stream;
    }

    /** Returns when each stream has a record. */
    public static DelayContender.Writer writer(Path root, int streams) {
        StreamWal wal = StreamWal.open(root);
        if (wal.keys().isEmpty()) {
            IntStream.range(0, streams).forEach(i -> wal.stream(key(i)).append(new byte[DelayRecord.BYTES]));
        }
        int busy = Math.min(streams, BUSY_STREAMS);
        return new StreamsWriter(wal,
                IntStream.range(0, busy).mapToObj(i -> wal.stream(key(i * (streams / busy)))).toArray(WalStream[]::new));
    }

    public static DelayContender.Reader ofKey(Path root) throws IOException, InterruptedException {
        return opened(WalReader.open(root), reader -> reader.follow(key(0), ReadFrom.end()));
    }

    public static DelayContender.Reader ofPrefix(Path root) throws IOException, InterruptedException {
        return opened(WalReader.open(root), reader -> reader.follow(Keys.prefix(PREFIX), ReadFrom.end()));
    }

    /** Polls once first, which looks at every stream. */
    private static DelayContender.Reader opened(WalReader reader, Function<WalReader, EntryTail> follow) {
        EntryTail tail = follow.apply(reader);
        if (tail.next()) {
            throw new IllegalStateException("a record came before any was appended: " + tail.ref());
        }
        return new TailReader(reader, tail);
    }

    /** Appends to the streams in turn. */
    private static final class StreamsWriter implements DelayContender.Writer {
        private final StreamWal wal;
        private final WalStream[] streams;
        private int appended;

        StreamsWriter(StreamWal wal, WalStream[] streams) {
            this.wal = wal;
            this.streams = streams;
        }

        @Override
        public void append(byte[] content) {
            streams[appended++ % streams.length].append(content);
        }

        @Override
        public void close() {
            wal.close();
        }
    }

    private record TailReader(WalReader reader, EntryTail tail) implements DelayContender.Reader {
        @Override
        public boolean next(byte[] content, Duration timeout) throws InterruptedException {
            boolean found = tail.next(timeout);
            if (found) {
                tail.content().getBytes(0, content);
            }
            return found;
        }

        @Override
        public void close() {
            tail.close();
            reader.close();
        }
    }
}
