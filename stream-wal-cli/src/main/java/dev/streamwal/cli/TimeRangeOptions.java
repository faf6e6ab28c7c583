package dev.streamwal.cli;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalReader;
import java.time.Instant;
import picocli.CommandLine.Option;

/** Selects records by their timestamps; all by default. */
final class TimeRangeOptions {

    @Option(
            names = "--from",
            paramLabel = "TIME",
            description = "Only records with this timestamp or a later one. Times are " + TimeArgument.SYNTAX + ".")
    private Instant from = Instant.MIN;

    @Option(names = "--to", paramLabel = "TIME", description = "Only records with an earlier timestamp.")
    private Instant to = Instant.MAX;

    boolean isGiven() {
        return !from.equals(Instant.MIN) || !to.equals(Instant.MAX);
    }

    /** All of the streams merged, by timestamp. */
    EntryCursor scanMerged(WalReader reader, Keys keys) {
        return reader.scanMerged(keys, from, to);
    }

    EntryCursor scan(WalReader reader, String key) {
        return reader.scan(key, from, to);
    }
}
