package dev.streamwal.cli;

import dev.streamwal.reader.Damage;
import dev.streamwal.reader.VerifyReport;

/** The cost of damage: the bytes are known, the number of records is estimated. */
final class LossEstimate {

    /** The smallest record: the prefix of a nano-wal record; a log's records are larger. */
    private static final int MIN_RECORD_BYTES = 16;

    private int places;
    private long bytes;
    private long records;

    /** By the mean size of the stream's valid records. */
    void add(Damage damage, VerifyReport stream) {
        add(damage, stream.records(), stream.bytes());
    }

    /** By the mean size of valid records; if there are none, one per place. A place too small for a record counts none. */
    void add(Damage damage, long validRecords, long validBytes) {
        places++;
        bytes += damage.length();
        if (damage.length() >= MIN_RECORD_BYTES) {
            double mean = validRecords == 0 ? damage.length() : (double) validBytes / validRecords;
            records += Math.max(1, Math.round(damage.length() / mean));
        }
    }

    void add(LossEstimate other) {
        places += other.places;
        bytes += other.bytes;
        records += other.records;
    }

    boolean isNone() {
        return places == 0;
    }

    long bytes() {
        return bytes;
    }

    long records() {
        return records;
    }

    @Override
    public String toString() {
        return isNone()
                ? "no damage"
                : Figures.number(places, "place") + " damaged: " + Figures.bytes(bytes) + ", about " + Figures.number(records, "record")
                        + " lost";
    }
}
