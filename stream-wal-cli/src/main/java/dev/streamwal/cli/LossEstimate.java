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
    /** How {@link #records} is to be understood. */
    private String bound = "";

    /** By the mean size of the stream's valid records. */
    void add(Damage damage, VerifyReport stream) {
        add(damage, stream.records(), stream.bytes());
    }

    /** By the mean size of valid records; if there are none, one per place. A place too small for a record counts none. */
    void add(Damage damage, long validRecords, long validBytes) {
        double mean = validRecords == 0 ? damage.length() : (double) validBytes / validRecords;
        long here = damage.length() < MIN_RECORD_BYTES ? 0 : Math.max(1, Math.round(damage.length() / mean));
        add(1, damage.length(), here, validRecords == 0 ? "at least " : "about ");
    }

    /** Of a file that has so many records which can't be read, unless they were deleted before. */
    void addKnown(Damage damage, long mostRecords) {
        add(1, damage.length(), mostRecords, "at most ");
    }

    void add(LossEstimate other) {
        add(other.places, other.bytes, other.records, other.bound);
    }

    private void add(int morePlaces, long moreBytes, long moreRecords, String otherBound) {
        bound = morePlaces == 0 || bound.equals(otherBound) ? bound : isNone() ? otherBound : "about ";
        places += morePlaces;
        bytes += moreBytes;
        records += moreRecords;
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

    /** As in "at most 3 records lost". */
    String recordsLost() {
        return bound + Figures.number(records, "record") + " lost";
    }

    @Override
    public String toString() {
        return isNone()
                ? "no damage"
                : Figures.number(places, "place") + " damaged: " + Figures.bytes(bytes) + ", " + recordsLost();
    }
}
