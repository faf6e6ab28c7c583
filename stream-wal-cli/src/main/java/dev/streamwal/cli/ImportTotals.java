package dev.streamwal.cli;

import dev.streamwal.cli.ingest.RowTime;
import java.util.HashSet;
import java.util.OptionalLong;
import java.util.Set;

/** Counts what an import does. */
final class ImportTotals {

    private final Set<String> streams = new HashSet<>();
    private long records;
    private long bytes;
    private long badRows;
    private long present;
    private long timesCut;
    private long doubtfulTimes;
    private long timesMissing;
    private long smallestMillis = Long.MAX_VALUE;
    private long largestMillis = Long.MIN_VALUE;

    void record(String key, RowTime time, int recordBytes) {
        streams.add(key);
        records++;
        bytes += recordBytes;
        timesCut += time.exact() ? 0 : 1;
        doubtfulTimes += time.doubtful() ? 1 : 0;
        timesMissing += time.missing() ? 1 : 0;
        time.millis().ifPresent(millis -> {
            smallestMillis = Math.min(smallestMillis, millis);
            largestMillis = Math.max(largestMillis, millis);
        });
    }

    void badRow() {
        badRows++;
    }

    /** Counts a row that an earlier import has appended. */
    void presentRow() {
        present++;
    }

    int streams() {
        return streams.size();
    }

    long records() {
        return records;
    }

    /** Bytes of headers and contents. */
    long bytes() {
        return bytes;
    }

    long badRows() {
        return badRows;
    }

    long present() {
        return present;
    }

    /** Times that were more precise than milliseconds. */
    long timesCut() {
        return timesCut;
    }

    /** Local times that stood for two instants, or for none, and for which one instant was chosen. */
    long doubtfulTimes() {
        return doubtfulTimes;
    }

    /** Lines without a time of their own. */
    long timesMissing() {
        return timesMissing;
    }

    OptionalLong smallestMillis() {
        return smallestMillis == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(smallestMillis);
    }

    OptionalLong largestMillis() {
        return largestMillis == Long.MIN_VALUE ? OptionalLong.empty() : OptionalLong.of(largestMillis);
    }
}
