package dev.streamwal.lookup;

import dev.streamwal.catalog.ListedSegments;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentReader;
import java.io.IOException;
import java.nio.file.NoSuchFileException;

/**
 * Finds the segment that a position belongs to, or the reason why there is none. Readers never decide by the clock: expired means deleted.
 *
 * <pre>
 *   position                                                    result
 *   in an existing segment's data                               IN_SEGMENT
 *   after it, below the previous end of the next segment        EXPIRED     its own segment was deleted
 *   after it, from the previous end of the next segment on      NOT_FOUND   never given to a record
 *   after the data of the newest segment                        NOT_FOUND
 *   in a stream without segments, below the log's start         EXPIRED
 *   … from start on                                             NOT_FOUND
 * </pre>
 */
public final class PositionLookup {

    /** Where a position is. */
    public enum Whereabouts { IN_SEGMENT, EXPIRED, NOT_FOUND }

    private static final long UNKNOWN = -1;

    private final LogSource log;
    private final ListedSegments chain;

    /** @param chain listed just now */
    public PositionLookup(LogSource log, ListedSegments chain) {
        this.log = log;
        this.chain = chain;
    }

    /** Judges a position before which no segment begins. */
    public Whereabouts beforeFirst(long position) throws IOException {
        if (chain.size() == 0) {
            return position < log.start() ? Whereabouts.EXPIRED : Whereabouts.NOT_FOUND;
        }
        return behind(-1, position);
    }

    /**
     * Judges a position by its offset in the last segment that begins at or before it.
     *
     * @param end of that segment, by {@link #end}
     * @param index of that segment in the chain
     */
    public Whereabouts in(SegmentReader reader, SegmentEnd end, int index, long position) throws IOException {
        SegmentHeader header = reader.header();
        // positions are compared, because an invented one may have no offset; a truncated file is recognized by its mark
        return position < header.positionAt(end.offset())
                || (end.by() == SegmentEnd.By.FILE && position < header.positionAt(reader.markedTo()))
                ? Whereabouts.IN_SEGMENT
                : behind(index, position);
    }

    /**
     * Where a segment's records end, by its footer, the next segment, or else the file's length.
     *
     * @param index of the segment in the chain
     */
    public SegmentEnd end(SegmentReader reader, int index) throws IOException {
        SegmentEnd end = reader.end();
        return end.isFinal() || index + 1 >= chain.size() ? end : end.orByNext(reader.header(), previousEnd(chain.get(index + 1)));
    }

    private Whereabouts behind(int index, long position) throws IOException {
        if (index + 1 >= chain.size()) {
            return Whereabouts.NOT_FOUND;
        }
        return position < previousEnd(chain.get(index + 1)) ? Whereabouts.EXPIRED : Whereabouts.NOT_FOUND;
    }

    /**
     * Where the data before the segment ended; -1 if the segment's header can't be read.
     *
     * @throws NoSuchFileException if the segment was deleted, or has moved, since it was listed: list anew
     */
    private long previousEnd(Segment segment) throws IOException {
        try {
            return segment.header(log.channels()).previousEnd();
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            return UNKNOWN;
        }
    }
}
