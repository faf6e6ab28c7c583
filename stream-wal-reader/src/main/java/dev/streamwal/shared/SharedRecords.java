package dev.streamwal.shared;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.segment.SegmentScan;

/** What {@link SharedWalk}s add the records of shared segments to. */
interface SharedRecords {

    void begin(SegmentHeader header);

    /** Adds the record on which a scan of the segment begun last stands; now, or at the latest by {@link #settle}. */
    void add(SegmentScan scan);

    /** Notes that damaged records were left out behind the records added so far, after these are {@linkplain #settle settled}. */
    void damaged();

    /** Adds the records that haven't been added yet. */
    void settle();
}
