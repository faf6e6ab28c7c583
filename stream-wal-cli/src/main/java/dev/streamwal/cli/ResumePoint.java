package dev.streamwal.cli;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;

/**
 * Finds how many of a stream's rows are among its records: as many as end where the stream does, and as have the same order there. Each row and record is
 * a digest of 64 bits here.
 */
final class ResumePoint {

    /** Records at the stream's end that are compared. */
    static final int COMPARED = 16;

    private final WalReader reader;
    private final String key;
    /** The stream's last records, the newest first. */
    private final long[] newest;
    /** Whether records from the stream's beginning may be gone, so that their number is no bound. */
    private final boolean shortened;
    /** The last rows, in turn. */
    private final long[] rows = new long[COMPARED];
    private long taken;
    private long seen;
    /** So many records there are, or at least. */
    private long records;
    private boolean counted;

    /** The rows up to the last one with which the stream's end was the same; 0 if there is none. */
    private long present;
    /** As many of them as the log takes. */
    private long presentTaken;
    /** Whether there is an earlier such row, of which just as many rows were compared. */
    private boolean repeated;
    /** Whether a row equals the newest record, and rows before it not the records before that. */
    private boolean differs;

    /** @param newest digests of at most {@link #COMPARED} records */
    ResumePoint(WalReader reader, String key, long[] newest) {
        this.reader = reader;
        this.key = key;
        this.newest = newest.clone();
        this.shortened = reader.describe(key).stream().anyMatch(stream -> stream.firstPosition() > 0);
    }

    /** A row that the log takes. */
    void row(long digest) {
        seen++;
        rows[(int) (taken++ % COMPARED)] = digest;
        if (newest.length > 0 && newest[0] == digest && mayHave(taken)) {
            compare();
        }
    }

    /** A row that the log refuses. It may be a record nevertheless, if it has become too old since. */
    void refusedRow() {
        seen++;
    }

    private void compare() {
        long count = Math.min(taken, newest.length);
        for (int i = 1; i < count; i++) {
            if (rows[(int) ((taken - 1 - i) % COMPARED)] != newest[i]) {
                differs = true;
                return;
            }
        }
        repeated = present > 0 && Math.min(presentTaken, newest.length) == count;
        present = seen;
        presentTaken = taken;
    }

    /** Whether the stream may have so many of the rows. Counts as few records as it takes, and never more than four times the rows. */
    private boolean mayHave(long count) {
        if (!shortened && !counted && count > records) {
            long limit = 2 * count;
            records = 0;
            try (EntryCursor cursor = reader.scanBackward(key, Long.MAX_VALUE)) {
                while (records < limit && cursor.next()) {
                    records++;
                }
            }
            counted = records < limit;
        }
        return shortened || count <= records;
    }

    /** How many rows are there. */
    long present() {
        return present;
    }

    /** Whether {@link #present()} is a guess. It is none where all of the stream's records are rows. */
    boolean isDoubtful() {
        return present == 0 ? differs : repeated && mayHave(presentTaken + 1);
    }
}
