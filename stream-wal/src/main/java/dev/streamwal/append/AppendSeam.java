package dev.streamwal.append;

import dev.streamwal.storage.SegmentMapping;
import org.jspecify.annotations.Nullable;

/** Where tests stop a mapped append, on either side of its compare-and-set. Production has none. */
interface AppendSeam {

    /**
     * Before the compare-and-set.
     *
     * @return a mapping to use in spite of the rule that it is read only after the compare-and-set, to show what that rule is for; null to
     *     keep the rule
     */
    @Nullable SegmentMapping beforeReserve(ActiveSegment segment);

    /** The slot is reserved and not published. */
    void afterReserve();
}
