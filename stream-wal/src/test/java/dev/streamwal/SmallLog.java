package dev.streamwal;

import dev.streamwal.commit.JournalSizes;
import dev.streamwal.storage.SegmentStorage;
import dev.streamwal.storage.SimulatedStorage;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Opens a log on a simulated disk whose commit journal is so small that a few records fill a file of it, and a few more all of it. */
public final class SmallLog {

    private static final SegmentStorage MAPPED = SimulatedStorage.mapped();
    private static final SegmentStorage CHANNEL = SimulatedStorage.channel();

    private static final JournalSizes SIZES = new JournalSizes(4_096, 4_096, 12_288, 2_048, 1_024);

    private SmallLog() {}

    /**
     * @param mapped whether busy segments are mapped
     * @param salts the same ones give the same log
     * @param threads whether it has threads of its own
     */
    public static StreamWal open(Path root, WalOptions options, String bootId, boolean mapped, LongSupplier salts, boolean threads) {
        Storages storages = new Storages(options.storage()) {

            @Override
            SegmentStorage of(Path any) {
                return mapped ? MAPPED : CHANNEL;
            }

            @Override
            boolean maps() {
                return mapped;
            }
        };
        return StreamWal.open(root, options, new Environment(() -> Optional.of(bootId), storages, salts, threads, SIZES));
    }

    /** Does what a log's threads would do now. */
    public static void runBackground(StreamWal wal) {
        wal.runBackground();
    }
}
