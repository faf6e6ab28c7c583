package dev.streamwal.catalog;

import dev.streamwal.manifest.Manifest;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentReader;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/**
 * The list of packs, for a call that opens many segments: it is looked at once, not for each segment. One thread.
 *
 * <p><b>Why that is right.</b> A deletion that has returned before the call began is in the list that the call looks at. One that returns later happens during
 * the call, which may answer as of before it. A segment that the list doesn't have may have been listed since, so then it is looked at again. A pack whose file
 * has gone can't be opened, whatever the list says.
 */
public final class PacksAtCall {

    private final LogSource log;
    private @Nullable Manifest seen;

    /** Looks at nothing yet. */
    public PacksAtCall(LogSource log) {
        this.log = log;
    }

    /**
     * As {@link Segment#open}.
     *
     * @throws NoSuchFileException as there
     */
    public SegmentReader open(Segment segment) throws IOException {
        if (!(segment instanceof PackedSegment packed)) {
            return segment.open(log.channels());
        }
        Manifest known = seen;
        if (known == null || !packed.isIn(known)) {
            known = log.packs().manifest();
            seen = known;
        }
        return packed.open(log.channels(), known);
    }
}
