package dev.streamwal.bench;

import java.util.List;

/**
 * Durable appends by this log and by others, side by side. {@code bench/run durability} calls it:
 *
 * <pre>
 *   bench/run durability [--rounds n] [--seconds s] [--streams 1,100,10000] [--only regex] [--quick] [--out folder]
 * </pre>
 */
public final class DurabilityComparison {

    private static final int BARE_FILE_BYTES = 4 << 20;
    /** Ten thousand of them are 160 MiB. */
    private static final int STREAM_FILE_BYTES = 16 << 10;
    private static final int SHORT_BUFFER_TIMEOUT_NANOS = 100_000;

    private DurabilityComparison() {}

    public static void main(String[] args) throws Exception {
        new DurabilityRun(contenders(), args).run();
        // Artemis' thread pools
        System.exit(0);
    }

    private static List<DurableContender> contenders() {
        return List.of(
                new DurableContender(DurableContender.BARE, true, (folder, streams) -> StreamFiles.open(folder, 1, BARE_FILE_BYTES)),
                new DurableContender(DurableContender.STREAM_WAL, false, StreamWalLog::open),
                new DurableContender("force of a file a stream", false,
                        (folder, streams) -> StreamFiles.open(folder, streams, STREAM_FILE_BYTES)),
                new DurableContender("Artemis 3.33 ms", false,
                        (folder, streams) -> ArtemisLog.open(folder, ArtemisLog.DEFAULT_BUFFER_TIMEOUT_NANOS)),
                new DurableContender("Artemis 0.1 ms", false,
                        (folder, streams) -> ArtemisLog.open(folder, SHORT_BUFFER_TIMEOUT_NANOS)),
                new DurableContender("RocksDB synced", false, (folder, streams) -> RocksLog.open(folder)));
    }
}
