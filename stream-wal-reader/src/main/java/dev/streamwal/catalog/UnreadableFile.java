package dev.streamwal.catalog;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.shared.SharedPart;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import org.jspecify.annotations.Nullable;

/**
 * Stands for the records that a stream may have in a damaged pack or shared segment, or lost when a damaged shared segment was packed. Such a file has records
 * of many streams, so it is put into the stream's chain only where the chain has a gap; without a gap, the stream had nothing in the file. Every access throws
 * the damage.
 */
final class UnreadableFile extends Segment {

    private final Path file;
    private final @Nullable Window window;
    private final CorruptSegmentException why;

    /** @param window of its records; null if it isn't known */
    UnreadableFile(StreamKey key, long expirationMillis, Path file, @Nullable Window window, CorruptSegmentException why) {
        this(key, expirationMillis, file, window, why, 0);
    }

    private UnreadableFile(StreamKey key, long expirationMillis, Path file, @Nullable Window window, CorruptSegmentException why, long position) {
        super(key, new SegmentName(position, expirationMillis));
        this.file = file;
        this.window = window;
        this.why = why;
    }

    /**
     * Puts one into each gap of the chain that was left by damage: where a packed segment is {@linkplain PackedSegment#isAfterDamage after damage}, and the
     * segment before it ends below its previous end. If there is no segment before it, its records may just have expired, and nothing is told.
     */
    static void placeLost(NavigableMap<Long, Segment> byPosition, ChannelCache channels) throws IOException {
        Map<Long, Segment> lost = new HashMap<>();
        Segment before = null;
        for (Segment each : byPosition.values()) {
            if (before != null && each instanceof PackedSegment packed) {
                placeLost(before, packed, channels, lost);
            }
            boolean endsLater = before != null && each.isEndListed() && before.listedEnd() > each.listedEnd();
            before = endsLater ? before : each;
        }
        lost.forEach(byPosition::putIfAbsent);
    }

    private static void placeLost(Segment before, PackedSegment behind, ChannelCache channels, Map<Long, Segment> lost) throws IOException {
        try {
            if (before.listedEnd() < behind.basePosition() && behind.isAfterDamage()) {
                long from = endOf(before, before.header(channels), channels);
                SegmentHeader next = behind.header(channels);
                // a writer that didn't know where the stream ended said that it is the first
                if (from < next.previousEnd() && !next.isFirst()) {
                    lost.put(from, lost(behind, from, next.previousEnd()));
                }
            }
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            // this segment reports its own damage
        }
    }

    private static UnreadableFile lost(PackedSegment behind, long from, long to) {
        CorruptSegmentException why = new CorruptSegmentException("records were damaged in a shared segment, so packs don't have them: from=" + from + ", to="
                + to + ", next pack=" + behind.file() + "; the log's quarantine has a copy of the segment", behind.file(), behind.key().text(), from, 0,
                to - from, null);
        return new UnreadableFile(behind.key(), behind.name().expirationMillis(), behind.file(), null, why, from);
    }

    /**
     * Puts it into the first gap of the chain: each segment's header says where the data before it ended. Before the first segment there is also a gap if the
     * stream's beginning has expired; a file that is newer than that segment can't have had the expired records, and isn't put there. If two files can't be
     * read and there is one gap, the first file is reported.
     */
    void placeInto(NavigableMap<Long, Segment> byPosition, ChannelCache channels) throws IOException {
        long end = 0;
        boolean isFirst = true;
        for (Map.Entry<Long, Segment> each : byPosition.entrySet()) {
            SegmentHeader header;
            try {
                header = each.getValue().header(channels);
            } catch (CorruptSegmentException | UnsupportedFormatException e) {
                // this segment reports its own damage; whether there is a gap before it isn't known
                return;
            }
            boolean isBegun = isFirst && (header.isFirst() || isNewerThan(header.window()));
            if (!isBegun && header.previousEnd() > end) {
                Segment unused = byPosition.putIfAbsent(end, new UnreadableFile(key(), name().expirationMillis(), file(), window, why, end));
                return;
            }
            isFirst = false;
            end = endOf(each.getValue(), header, channels);
        }
    }

    private boolean isNewerThan(Window other) {
        return window != null && window.startMillis() >= other.endMillis();
    }

    /** Where a segment's data ends; {@link Long#MAX_VALUE} if that isn't known. */
    private static long endOf(Segment segment, SegmentHeader header, ChannelCache channels) throws IOException {
        try (SegmentReader reader = segment.open(channels)) {
            SegmentEnd end = reader.end();
            // without a footer the end isn't known; what follows is in files of its own
            return end.isFinal() || segment instanceof SharedPart ? header.positionAt(end.offset()) : Long.MAX_VALUE;
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            // this segment reports its own damage
            return Long.MAX_VALUE;
        }
    }

    private CorruptSegmentException told() {
        return new CorruptSegmentException("stream may have lost records to damage: stream=" + key() + ", damage=" + why.getMessage(), file(), key().text(),
                basePosition(), why.offset(), why.length(), why);
    }

    @Override
    public Path file() {
        return file;
    }

    @Override
    public SegmentReader open(ChannelCache channels) {
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

    /** Not known. */
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
