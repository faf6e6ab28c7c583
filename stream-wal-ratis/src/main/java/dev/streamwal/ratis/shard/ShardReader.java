package dev.streamwal.ratis.shard;

import dev.streamwal.ratis.wire.Page;
import dev.streamwal.ratis.wire.Page.SentRecord;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads the live log of a shard, as another process would: so it goes on while the log is closed for an image and opened anew, and no query waits for
 * that. Thread-safe.
 */
final class ShardReader implements AutoCloseable {

    private final WalReader reader;

    ShardReader(Path wal) {
        this.reader = WalReader.open(wal);
    }

    Page latest(String key) {
        Optional<Entry> entry = reader.latest(key);
        return new Page(entry.map(each -> List.of(sent(each))).orElse(List.of()), entry.map(each -> each.ref().end()).orElse(0L));
    }

    Page scan(String key, long position, int records) {
        List<SentRecord> page = new ArrayList<>();
        long next = position;
        long bytes = 0;
        try (EntryCursor cursor = reader.scanFrom(key, position)) {
            while (page.size() < records && bytes < Page.MAX_BYTES && cursor.next()) {
                Entry entry = cursor.copy();
                page.add(sent(entry));
                bytes += entry.ref().size();
                next = cursor.nextPosition();
            }
        }
        return new Page(page, next);
    }

    private static SentRecord sent(Entry entry) {
        return new SentRecord(entry.ref().position(), entry.timestampMillis(), entry.headerBytes(), entry.contentBytes());
    }

    @Override
    public void close() {
        reader.close();
    }
}
