package dev.streamwal;

import java.nio.file.Path;
import java.util.List;

/**
 * What an erasure did, and where else the log may have such records. Immutable.
 *
 * @since 1.0
 */
public final class ErasureReport extends Snapshot<ErasureReport.Fields> {

    record Fields(int streams, long records, long bytes, List<Path> rewritten, List<Path> quarantined) {}

    ErasureReport(Fields fields) {
        super(fields);
    }

    /**
     * How many streams had records to erase.
     *
     * @return their number
     */
    public int streams() {
        return fields().streams();
    }

    /**
     * How many records were erased.
     *
     * @return their number
     */
    public long records() {
        return fields().records();
    }

    /**
     * Size of the erased records, with their frames. The files keep it, as padding, until they expire.
     *
     * @return bytes
     */
    public long bytes() {
        return fields().bytes();
    }

    /**
     * The files that were rewritten without the records: a segment under its name, a pack under a new one. The old files are deleted.
     *
     * @return their paths, in the order in which they were written; some may have been packed or merged since
     */
    public List<Path> rewritten() {
        return fields().rewritten();
    }

    /**
     * The files in {@code quarantine/} that may have such records, because a recovery has set them aside: the files of these streams, and files that
     * do not tell their stream. The library does not change them.
     *
     * @return their paths, sorted
     */
    public List<Path> quarantined() {
        return fields().quarantined();
    }
}
