package dev.streamwal.recovery;

import java.util.ArrayList;
import java.util.List;

/** What recovery found in a segment or a stream, and what it did. Sums are complete, the list of repairs is bounded. For one thread. */
public final class Findings {

    /** Per stream: enough to see what happened; the largest report takes some 30 MB. */
    public static final int MAX_REPAIRS = 16;

    private final List<Repair> repairs = new ArrayList<>();
    private long repairsLeftOut;
    private boolean isAboutDamage;
    private long recordsKept;
    private long bytesKept;
    private long bytesCut;
    private long bytesSkipped;
    private long bytesMissing;
    private long bytesSetAside;

    void add(Repair repair) {
        keep(repair);
        isAboutDamage |= repair.decision().isAboutDamage();
        long length = repair.length();
        switch (repair.decision()) {
            case PAD_HOLE, CUT_TORN_TAIL, SET_ASIDE_BEHIND -> bytesCut += length;
            case SKIP_DAMAGE, PAD_DAMAGED_END, SKIP_UNREADABLE -> bytesSkipped += length;
            case KEEP_WHAT_IS_LEFT, GO_ON_BEHIND_GAP -> bytesMissing += length;
            case KEEP, REFUSE_CORRUPT, REFUSE_TOO_NEW -> { }
        }
        bytesSetAside += repair.setAside().isPresent() ? length : 0;
    }

    private void keep(Repair repair) {
        if (repairs.size() < MAX_REPAIRS) {
            repairs.add(repair);
        } else {
            repairsLeftOut++;
        }
    }

    void kept(long records, long bytes) {
        recordsKept += records;
        bytesKept += bytes;
    }

    void addAll(Findings other) {
        other.repairs.forEach(this::keep);
        repairsLeftOut += other.repairsLeftOut;
        isAboutDamage |= other.isAboutDamage;
        recordsKept += other.recordsKept;
        bytesKept += other.bytesKept;
        bytesCut += other.bytesCut;
        bytesSkipped += other.bytesSkipped;
        bytesMissing += other.bytesMissing;
        bytesSetAside += other.bytesSetAside;
    }

    /** Whether there is nothing to tell. */
    public boolean isClean() {
        return repairs.isEmpty();
    }

    /** Whether something is not as it was written, and was promised to survive. */
    boolean isAboutDamage() {
        return isAboutDamage;
    }

    /** The first repairs. */
    public List<Repair> repairs() {
        return List.copyOf(repairs);
    }

    /** How many more repairs there were. */
    public long repairsLeftOut() {
        return repairsLeftOut;
    }

    /** Data records in the segments that were walked. */
    public long recordsKept() {
        return recordsKept;
    }

    /** Bytes of data in the segments that were walked. */
    public long bytesKept() {
        return bytesKept;
    }

    /** Bytes of holes and torn tails, which were never promised to survive. */
    public long bytesCut() {
        return bytesCut;
    }

    /** Bytes of damage. */
    public long bytesSkipped() {
        return bytesSkipped;
    }

    /** Bytes that should have been in the files. */
    public long bytesMissing() {
        return bytesMissing;
    }

    /** Of these bytes, those that are in the quarantine. */
    public long bytesSetAside() {
        return bytesSetAside;
    }
}
