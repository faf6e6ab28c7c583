package dev.streamwal;

import dev.streamwal.commit.JournalSizes;
import dev.streamwal.engine.Environment;
import dev.streamwal.engine.Storages;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import dev.streamwal.storage.SegmentStorage;
import dev.streamwal.storage.SimulatedStorage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Opens a log on a simulated disk: without threads, on a machine that was started with a given id. */
public final class SimulatedLog {

    /** They hold nothing of a log, and are dear to make. */
    private static final SegmentStorage MAPPED = SimulatedStorage.mapped();
    private static final SegmentStorage CHANNEL = SimulatedStorage.channel();

    private SimulatedLog() {}

    /**
     * @param mapped whether busy segments are mapped
     * @param salts the same ones give the same log
     */
    public static StreamWal open(Path root, WalOptions options, String bootId, boolean mapped, LongSupplier salts) {
        return open(root, options, bootId, mapped, salts, JournalSizes.DEFAULT);
    }

    /**
     * @param mapped whether busy segments are mapped
     * @param salts the same ones give the same log
     */
    @SuppressWarnings("exports")
    public static StreamWal open(
            Path root, WalOptions options, String bootId, boolean mapped, LongSupplier salts, JournalSizes journal) {
        return open(root, options, bootId, mapped, salts, journal, false);
    }

    /** @param threads whether it has threads of its own */
    static StreamWal open(
            Path root, WalOptions options, String bootId, boolean mapped, LongSupplier salts, JournalSizes journal, boolean threads) {
        Storages storages = new Storages(options.storage().kind()) {

            @Override
            public SegmentStorage of(Path any) {
                return mapped ? MAPPED : CHANNEL;
            }
        };
        return StreamWal.open(root, options, new Environment(() -> Optional.of(bootId), storages, salts, threads, journal).withMaxIdleStreams(0));
    }

    /** Does what a log's threads would do now. */
    public static void runBackground(StreamWal wal) {
        wal.runBackground();
    }

    /** How many bytes each record of a stream has, as a scan finds them: by which tests tell their records apart. */
    public static List<Integer> lengths(StreamWal wal, String key) {
        List<Integer> lengths = new ArrayList<>();
        try (WalReader reader = wal.reader(); EntryCursor cursor = reader.scan(key)) {
            while (cursor.next()) {
                lengths.add(cursor.content().readableBytes());
            }
        }
        return lengths;
    }
}
