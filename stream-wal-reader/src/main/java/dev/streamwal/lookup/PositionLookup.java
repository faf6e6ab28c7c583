package dev.streamwal.lookup;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentChain;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentReader;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

/**
 * Finds the segment that a position belongs to, or says why there is none. Readers never judge by the clock: expired means deleted.
 *
 * <pre>
 *   position                                                    says
 *   in an existing segment's data                               IN_SEGMENT
 *   behind it, below the previous end of the next one           EXPIRED     its own segment has gone
 *   behind it, from the previous end of the next one on         NOT_FOUND   never given to a record
 *   behind the data of the newest                               NOT_FOUND
 *   in a stream of which nothing is left, below start           EXPIRED
 *   … from start on                                             NOT_FOUND
 * </pre>
 */
public final class PositionLookup {

    /** Where a position is. */
    public enum Whereabouts { IN_SEGMENT, EXPIRED, NOT_FOUND }

    private static final long UNKNOWN = -1;

    private final LogSource log;
    private final SegmentChain chain;

    /** @param chain listed just now */
    public PositionLookup(LogSource log, SegmentChain chain) {
        this.log = log;
        this.chain = chain;
    }

    /** What there is to say without a segment that begins at or before the position. */
    public Whereabouts beforeFirst(long position) throws IOException {
        if (chain.size() == 0) {
            return position < log.start() ? Whereabouts.EXPIRED : Whereabouts.NOT_FOUND;
        }
        return behind(-1, position);
    }

    /**
     * What there is to say of a position, by its offset in the last segment that begins at or before it.
     *
     * @param index of that segment in the chain
     */
    public Whereabouts in(SegmentReader reader, int index, long position) throws IOException {
        return reader.header().offsetOf(position) < Math.max(writtenTo(reader, index), sizeWithoutEnd(reader, index))
                ? Whereabouts.IN_SEGMENT
                : behind(index, position);
    }

    /**
     * The offset up to which the segment is known to have been written: by its footer, by the next segment, or by its mark.
     *
     * @param index of the segment in the chain
     */
    public long writtenTo(SegmentReader reader, int index) throws IOException {
        Optional<Footer> footer = reader.footer();
        if (footer.isPresent()) {
            return footer.get().dataEnd();
        }
        long end = endBySuccessor(reader.header(), index);
        return end >= 0 ? end : (long) reader.mark() + RecordLayout.PREFIX_BYTES;
    }

    /** Where nobody says where the data ends, it may reach to the file's end. */
    private long sizeWithoutEnd(SegmentReader reader, int index) throws IOException {
        return reader.footer().isPresent() || endBySuccessor(reader.header(), index) >= 0 ? 0 : reader.size();
    }

    /** The offset where the next segment says that this one's data ends; -1 where it says so of another one, or there is none. */
    private long endBySuccessor(SegmentHeader header, int index) throws IOException {
        long previousEnd = index + 1 < chain.size() ? previousEnd(chain.get(index + 1)) : UNKNOWN;
        long end = header.offsetOf(previousEnd);
        return previousEnd != UNKNOWN && end <= header.capacity() ? end : UNKNOWN;
    }

    private Whereabouts behind(int index, long position) throws IOException {
        if (index + 1 >= chain.size()) {
            return Whereabouts.NOT_FOUND;
        }
        return position < previousEnd(chain.get(index + 1)) ? Whereabouts.EXPIRED : Whereabouts.NOT_FOUND;
    }

    /** Where the data before the segment ended; if the segment has gone too, so has everything before it; -1 where it can't say. */
    private long previousEnd(Segment segment) throws IOException {
        try {
            return segment.header(log.channels()).previousEnd();
        } catch (NoSuchFileException e) {
            return segment.basePosition();
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            return UNKNOWN;
        }
    }
}
