package dev.streamwal;

import dev.streamwal.commit.JournalSizes;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/** Opens a log on a simulated disk whose commit journal is so small that a few records fill a file of it, and a few more all of it. */
public final class SmallLog {

    private static final JournalSizes SIZES = new JournalSizes(4_096, 4_096, 12_288, 2_048, 1_024);

    private SmallLog() {}

    /**
     * @param mapped whether busy segments are mapped
     * @param salts the same ones give the same log
     * @param threads whether it has threads of its own
     */
    public static StreamWal open(Path root, WalOptions options, String bootId, boolean mapped, LongSupplier salts, boolean threads) {
        return SimulatedLog.open(root, options, bootId, mapped, salts, SIZES, threads);
    }
}
