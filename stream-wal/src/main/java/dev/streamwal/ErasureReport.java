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

    /** {@return how many streams had records to erase} */
    public int streams() {
        return fields().streams();
    }

    /** {@return how many records were erased} */
    public long records() {
        return fields().records();
    }

    /** {@return the size of the erased records, with their frames, in bytes} The files keep it, as padding, until they expire. */
    public long bytes() {
        return fields().bytes();
    }

    /**
     * {@return the files that were rewritten without the records, in the order in which they were written: a segment under its name, a pack under a
     * new one} The old files are deleted. Some of the new ones may have been packed or merged since.
     */
    public List<Path> rewritten() {
        return fields().rewritten();
    }

    /**
     * {@return the files in {@code quarantine/} that may have such records, because a recovery has set them aside, sorted} They are the files of
     * these streams, and files that do not tell their stream. The library does not change them.
     */
    public List<Path> quarantined() {
        return fields().quarantined();
    }
}
