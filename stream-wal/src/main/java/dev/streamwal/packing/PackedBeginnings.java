package dev.streamwal.packing;

import dev.streamwal.append.PackedData;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.recovery.KnownDurable;
import java.io.IOException;
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
        PackedData.Newest elsewhere = store.newest(key);
        if (!elsewhere.isWhole()) {
            // the stream may have its beginning in a pack that can't be read: readers report the pack, and what follows it stays
            return OptionalLong.of(Long.MAX_VALUE);
        }
        return elsewhere.end().isEmpty() ? deleted : OptionalLong.of(Math.max(deleted.orElse(0), elsewhere.end().get().position()));
    }

    @Override
    public boolean isElsewhereUpTo(StreamKey key, long position) throws IOException {
        try {
            if (store.ends.endsAt(key, position)) {
                return true;
            }
        } catch (IOException | RuntimeException e) {
            if (!PackFailure.isOfTable(e)) {
                throw e;
            }
            // possibly, as beside a damaged shared segment: what follows stays, and readers report the pack
            return true;
        }
        return store.ends.mayHaveLost(key);
    }

    @Override
    public long endBefore(StreamKey key, long base, long end) throws IOException {
        try {
            return store.places.endBefore(key, base, end);
        } catch (CorruptSegmentException e) {
            // as if there were nothing: what the segment before lacks up to there counts as missing, and that is noted in the segment for good. So a
            // pack that can't be read for a reason other than damage, and perhaps can be later, keeps the stream from being recovered
            return end;
        }
    }

    @Override
    public boolean tellsOfDeletions() {
        return known.tellsOfDeletions();
    }
}
