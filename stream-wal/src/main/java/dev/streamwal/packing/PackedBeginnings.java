package dev.streamwal.packing;

import dev.streamwal.append.PackedData;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.recovery.KnownDurable;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;

/** Tells recovery that a stream's beginning is in packs, so that its files were deleted on purpose. */
public final class PackedBeginnings implements KnownDurable {

    private final KnownDurable known;
    private final PackStore store;

    /** @param known what the journal says */
    public PackedBeginnings(KnownDurable known, PackStore store) {
        this.known = known;
        this.store = store;
    }

    @Override
    public int durableOffset(SegmentHeader header) {
        return known.durableOffset(header);
    }

    @Override
    public OptionalLong deletedBelow(StreamKey key) throws IOException {
        OptionalLong deleted = known.deletedBelow(key);
        try {
            Optional<PackedData.End> elsewhere = store.end(key);
            return elsewhere.isEmpty() ? deleted : OptionalLong.of(Math.max(deleted.orElse(0), elsewhere.get().position()));
        } catch (CorruptSegmentException e) {
            // the stream may have its beginning there: readers report the pack, and what follows it stays
            return OptionalLong.of(Long.MAX_VALUE);
        }
    }

    @Override
    public boolean isElsewhereUpTo(StreamKey key, long position) throws IOException {
        try {
            return store.endsAt(key, position);
        } catch (CorruptSegmentException e) {
            // possibly: readers report the pack
            return true;
        }
    }

    @Override
    public boolean tellsOfDeletions() {
        return known.tellsOfDeletions();
    }
}
