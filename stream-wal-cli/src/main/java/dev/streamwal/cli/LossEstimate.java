package dev.streamwal.cli;

import dev.streamwal.reader.Damage;
import dev.streamwal.reader.VerifyReport;

/** What damage costs: the bytes are known, the records that stood there are estimated. */
final class LossEstimate {

    /** No record is smaller: a nano-wal record's prefix; a log's records have more. */
    private static final int MIN_RECORD_BYTES = 16;

    private int places;
    private long bytes;
    private long records;

    /** By the mean size of the stream's records that verify; where none does, one a place. Where no record has room, none is lost. */
    void add(Damage damage, VerifyReport stream) {
        places++;
        bytes += damage.length();
        if (damage.length() >= MIN_RECORD_BYTES) {
            double mean = stream.records() == 0 ? damage.length() : (double) stream.bytes() / stream.records();
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
