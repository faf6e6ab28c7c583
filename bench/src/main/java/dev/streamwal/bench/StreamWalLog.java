package dev.streamwal.bench;

import dev.streamwal.Durability;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WalStream;
import dev.streamwal.WriteEntry;
import dev.streamwal.reader.EntryRef;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/** This log, with its default options. What an earlier round wrote stays, so that its streams exist. */
final class StreamWalLog implements DurableLog {

    private final StreamWal wal;
    private final WalStream[] streams;

    private StreamWalLog(StreamWal wal, WalStream[] streams) {
        this.wal = wal;
        this.streams = streams;
    }

    /** Returns after an append to every stream: creating ten thousand is not to be measured. */
    static StreamWalLog open(Path root, int streams) {
        StreamWal wal = StreamWal.open(root, WalOptions.builder().build());
        WalStream[] opened = new WalStream[streams];
        WriteEntry entry = WriteEntry.of(AppendBenchmark.content(DurableLoad.RECORD_BYTES));
        for (int i = 0; i < streams; i++) {
            opened[i] = wal.stream(key(i));
            opened[i].append(entry, Durability.BUFFERED);
        }
        wal.sync();
        return new StreamWalLog(wal, opened);
    }

    static String key(int stream) {
        return "bench/" + stream;
    }

    @Override
    public void append(int stream, byte[] content) {
        streams[stream].append(WriteEntry.of(content), Durability.IMMEDIATE);
    }

    @Override
    public void appendAsync(int stream, byte[] content, Completion completion) {
        CompletableFuture<EntryRef> unused = streams[stream].appendAsync(WriteEntry.of(content)).whenComplete((ref, failure) -> {
            if (failure == null) {
                completion.durable();
            } else {
                completion.failed(failure);
            }
        });
    }

    @Override
    public void close() {
        wal.close();
    }
}
