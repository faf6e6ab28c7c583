package dev.streamwal;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.RecoveryReport.Finding;
import dev.streamwal.RecoveryReport.StreamFindings;
import dev.streamwal.RecoveryReport.Sums;
import dev.streamwal.recovery.Findings;
import dev.streamwal.recovery.Repair;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Collects what recovery found, for the report. Bounded: sums are complete; the number of streams and findings is limited. Thread-safe. */
final class RecoveryLedger {

    private final LongAdder bytesRead = new LongAdder();

    @GuardedBy("this")
    private final Map<String, Entry> entries = new TreeMap<>();

    @GuardedBy("this")
    private Sums totals = Sums.NONE;

    @GuardedBy("this")
    private long recovered;

    @GuardedBy("this")
    private boolean complete = true;

    private static final class Entry {
        private Sums sums = Sums.NONE;
        private final List<Finding> findings = new ArrayList<>();
        private long leftOut;
        private @Nullable String refusal;

        void add(Findings found) {
            for (Repair repair : found.repairs()) {
                if (findings.size() < Findings.MAX_REPAIRS) {
                    findings.add(finding(repair));
                } else {
                    leftOut++;
                }
            }
            leftOut += found.repairsLeftOut();
        }

        StreamFindings ofStream(String key) {
            return new StreamFindings(new StreamFindings.Fields(key, sums, findings, leftOut, Optional.ofNullable(refusal)));
        }
    }

    /** What was found in one segment of a stream. */
    static StreamFindings findings(String key, Findings found) {
        Entry entry = new Entry();
        entry.sums = sums(found, found.recordsKept(), found.bytesKept());
        entry.add(found);
        return entry.ofStream(key);
    }

    private static Finding finding(Repair repair) {
        return new Finding(new Finding.Fields(
                repair.file(), repair.offset(), repair.length(), repair.decision().meaning(), repair.setAside()));
    }

    /** What the journal brought back, before the stream is recovered. */
    synchronized void redone(String key, long records, long bytes) {
        Sums sums = new Sums(new Sums.Fields(0, 0, records, bytes, 0, 0, 0, 0));
        totals = totals.plus(sums);
        Entry entry = entry(key);
        if (entry != null) {
            entry.sums = entry.sums.plus(sums);
        }
    }

    synchronized void recovered(String key, Findings found) {
        Sums sums = sums(found, found.recordsKept(), found.bytesKept());
        recovered++;
        totals = totals.plus(sums);
        Entry entry = found.isClean() ? entries.get(key) : entry(key);
        if (entry != null) {
            entry.sums = entry.sums.plus(sums);
            entry.add(found);
            entry.refusal = null;
            forgetIfClean(key, entry);
        }
    }

    /** Removes a refused stream that can now be opened and has no findings. */
    @GuardedBy("this")
    private void forgetIfClean(String key, Entry entry) {
        if (entry.findings.isEmpty() && entry.sums.bytesRedone() == 0) {
            entries.remove(key);
        }
    }

    /** A stream can't be opened for writing. A later attempt may succeed; the records kept are counted then. */
    synchronized void refused(String key, Findings found, Exception why) {
        Sums sums = sums(found, 0, 0);
        totals = totals.plus(sums);
        Entry entry = entry(key);
        if (entry != null) {
            entry.sums = entry.sums.plus(sums);
            entry.add(found);
            entry.refusal = String.valueOf(why.getMessage());
        }
    }

    /** A stream that couldn't even be listed. */
    synchronized void refused(String key, Exception why) {
        Entry known = entries.get(key);
        if (known == null || known.refusal == null) {
            refused(key, new Findings(), why);
        }
    }

    /** @return null if there is no room for another stream */
    @GuardedBy("this")
    private @Nullable Entry entry(String key) {
        Entry known = entries.get(key);
        if (known != null) {
            return known;
        }
        if (entries.size() == RecoveryReport.MAX_STREAMS) {
            complete = false;
            return null;
        }
        Entry made = new Entry();
        entries.put(key, made);
        return made;
    }

    private static Sums sums(Findings found, long recordsKept, long bytesKept) {
        return new Sums(new Sums.Fields(recordsKept, bytesKept, 0, 0, found.bytesCut(), found.bytesSkipped(), found.bytesMissing(),
                found.bytesSetAside()));
    }

    void read(long bytes) {
        bytesRead.add(bytes);
    }

    long bytesRead() {
        return bytesRead.sum();
    }

    synchronized RecoveryReport report() {
        List<StreamFindings> streams = new ArrayList<>(entries.size());
        int refused = 0;
        for (Map.Entry<String, Entry> each : entries.entrySet()) {
            Entry entry = each.getValue();
            refused += entry.refusal == null ? 0 : 1;
            streams.add(entry.ofStream(each.getKey()));
        }
        return new RecoveryReport(new RecoveryReport.Fields(streams, complete, recovered, refused, totals));
    }
}
