package dev.streamwal.catalog;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.NavigableMap;

/**
 * What a stream may have in a pack of which that can't be read. Stands in the stream's chain where something is missing, and tells who comes to
 * it; where nothing is missing, nothing of the stream was in the pack.
 */
final class UnreadablePack extends Segment {

    private final ListedPack pack;
    private final CorruptSegmentException why;

    UnreadablePack(StreamKey key, ListedPack pack, Path file, CorruptSegmentException why) {
        this(key, pack, file, why, 0);
    }

    private UnreadablePack(StreamKey key, ListedPack pack, Path file, CorruptSegmentException why, long position) {
        super(key, new SegmentName(position, pack.expirationMillis()), file, Moves.NONE);
        this.pack = pack;
        this.why = why;
    }

    /**
     * Puts it into the gap that it may have left: each segment's header says where the data before it ended. Where two packs can't be read and
     * there is one gap, the first is told of.
     */
    void placeInto(NavigableMap<Long, Segment> byPosition, ChannelCache channels) throws IOException {
        long end = 0;
        boolean isFirst = true;
        for (Map.Entry<Long, Segment> each : byPosition.entrySet()) {
            SegmentHeader header;
            try {
                header = each.getValue().header(channels);
            } catch (CorruptSegmentException | UnsupportedFormatException e) {
                // it tells of itself, and what is before it isn't known
                return;
            }
            boolean isGap = isFirst ? !header.isFirst() && header.previousEnd() > 0 : header.previousEnd() > end;
            if (isGap) {
                Segment unused = byPosition.putIfAbsent(end, new UnreadablePack(key(), pack, file(), why, end));
                return;
            }
            isFirst = false;
            end = endOf(each.getValue(), header, channels);
        }
    }

    private static long endOf(Segment segment, SegmentHeader header, ChannelCache channels) throws IOException {
        try (SegmentReader reader = segment.open(channels)) {
            SegmentEnd end = reader.end();
            // without a footer nobody knows: what follows isn't in a pack
            return end.isFinal() ? header.positionAt(end.offset()) : Long.MAX_VALUE;
        }
    }

    private CorruptSegmentException told() {
        return new CorruptSegmentException(why.getMessage() + "; stream=" + key() + " may have had records in it", file(), key().text(),
                basePosition(), why.offset(), why.length(), why);
    }

    @Override
    protected SegmentReader openHere(ChannelCache channels) {
        throw told();
    }

    @Override
    public SegmentHeader header(ChannelCache channels) {
        throw told();
    }

    @Override
    public long fileOffset(long offset) {
        return offset;
    }

    /** Nobody knows. */
    @Override
    public long bytes() {
        return 0;
    }

    @Override
    protected SegmentEnd readEnd(SegmentBytes bytes, SegmentHeader header) {
        throw told();
    }

    @Override
    protected boolean hasFooter(SegmentBytes bytes, Footer known) {
        return false;
    }
}
