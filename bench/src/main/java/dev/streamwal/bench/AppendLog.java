package dev.streamwal.bench;

import dev.streamwal.Storage;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import java.nio.file.Path;
import java.util.SplittableRandom;

/** A log to append to, with the default options except for its storage, and the streams that appends are spread over. */
final class AppendLog implements AutoCloseable {

    /** More appends than a stream needs to be mapped, where the storage maps. */
    static final int APPENDS_TO_WARM_UP = 32;

    private static final int CHOICES = 1 << 20;

    private final Path root;
    private final StreamWal wal;
    private final WalStream[] streams;
    /** The streams in random order, each equally often. */
    private final int[] choices;

    private AppendLog(Path root, StreamWal wal, int streams) {
        this.root = root;
        this.wal = wal;
        this.streams = new WalStream[streams];
        for (int i = 0; i < streams; i++) {
            this.streams[i] = wal.stream("bench/" + i);
        }
        this.choices = new SplittableRandom(1).ints(streams == 1 ? 1 : CHOICES, 0, streams).toArray();
    }

    static AppendLog open(Storage storage, int streams) {
        Path root = BenchFolder.fresh("append");
        return new AppendLog(root, StreamWal.open(root, WalOptions.builder().storage(storage).build()), streams);
    }

    /** A log that may exist already, and stays: for more streams than can be created every time. */
    static AppendLog openKept(Storage storage, int streams) {
        Path root = BenchFolder.root().resolve("kept-" + streams);
        return new AppendLog(root, StreamWal.open(root, WalOptions.builder().storage(storage).build()), streams);
    }

    /** The {@code i}-th append's stream. */
    WalStream stream(int i) {
        return streams[choices[i & choices.length - 1]];
    }

    int streams() {
        return streams.length;
    }

    void appendToEach(int times, byte[] content) {
        long now = System.currentTimeMillis();
        for (WalStream stream : streams) {
            for (int i = 0; i < times; i++) {
                stream.append(now, content);
            }
        }
    }

    /** Closes the log, and leaves it. */
    void keep() {
        wal.close();
    }

    /** Deletes the streams before closing the log, and then the folder: what was appended needn't be written to the disk any more. */
    @Override
    public void close() {
        for (WalStream stream : streams) {
            wal.delete(stream.key());
        }
        wal.close();
        BenchFolder.delete(root);
    }
}
