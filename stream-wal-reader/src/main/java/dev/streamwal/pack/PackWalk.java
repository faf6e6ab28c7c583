package dev.streamwal.pack;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.FormatException;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Goes through the segments of a pack in the order of their keys' unsigned bytes, then of their base positions. One thread. */
public final class PackWalk {

    private final PackReader pack;
    private int block = -1;
    private PackTable.@Nullable Cursor segments;

    PackWalk(PackReader pack) {
        this.pack = pack;
    }

    /**
     * The next segment.
     *
     * @return empty at the end
     * @throws CorruptSegmentException once for a table block that is damaged; the call that follows goes on behind it
     */
    public Optional<PackEntry> next() throws IOException {
        try {
            while (segments == null || !segments.next()) {
                segments = null;
                if (block + 1 >= pack.index().blocks()) {
                    return Optional.empty();
                }
                block++;
                segments = pack.block(block, false);
            }
            return Optional.of(segments.entry());
        } catch (FormatException e) {
            throw pack.unreadable(e, block);
        }
    }
}
