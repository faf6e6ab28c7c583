package dev.streamwal.ratis.shard;

import dev.streamwal.Durability;
import dev.streamwal.Positions;
import dev.streamwal.RecoveryReport;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.ratis.wire.Page;
import dev.streamwal.ratis.wire.Page.SentRecord;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** The records of a shard on one replica. What is appended is buffered: the Raft log has it, too, and is forced before. */
final class ShardLog implements AutoCloseable {

    /** A replica decides nothing about time by itself. */
    private static final Duration NEVER = Duration.ofDays(3_650);

    private final StreamWal wal;
    private final WalReader reader;

    private ShardLog(StreamWal wal) {
        this.wal = wal;
        this.reader = wal.reader();
    }

    /** @param clock the replicated one */
    static ShardLog open(Path root, Consumer<WalOptions.Builder> given, InstantSource clock) {
        WalOptions.Builder options = WalOptions.builder();
        given.accept(options);
        return new ShardLog(StreamWal.open(root, options
                .positions(Positions.EXTERNAL) // a restart, or another machine, must not move a stream
                .durability(Durability.BUFFERED)
                .clock(clock)
                .maxClockAdvance(NEVER) // what is known of the time differs between replicas; the entry that expires doesn't
                .sweepInterval(Duration.ZERO) // expiry is an entry of the Raft log
                .build()));
    }

    RecoveryReport recoverAll() {
        return wal.recoverAll(progress -> {});
    }

    /** Appends, or finds the same records there; all of them stand one behind the other. */
    List<EntryRef> appendAt(String key, long position, List<WriteEntry> entries) {
        return wal.stream(key).appendAt(position, entries).refs();
    }

    /** Which streams have records. */
    Set<String> keys() {
        return wal.keys();
    }

    /** Where a stream's records end here. */
    long endOf(String key) {
        return wal.stream(key).endPosition();
    }

    void sync() {
        wal.sync();
    }

    void sweep(Instant now) {
        wal.sweep(now);
    }

    void checkpoint(Path target) {
        wal.checkpoint(target);
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

    /** Readers see nothing of it any more. */
    @Override
    public void close() {
        reader.close();
        wal.close();
    }
}
