package dev.streamwal.walk;

import dev.streamwal.catalog.ListedSegments;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentFiles;
import dev.streamwal.segment.SegmentReader;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How far the data of a stream reaches, by its segments' headers and the newest segment's end. Only records at the end are read. Positions between two segments
 * were never given, so a distance of positions isn't a number of bytes. An I/O failure is thrown; it doesn't make an end unknown. One thread.
 */
public final class StreamExtent {

    private final LogSource log;
    private final SegmentCatalog catalog;

    /** @param catalog listed just now */
    public StreamExtent(LogSource log, SegmentCatalog catalog) {
        this.log = log;
        this.catalog = catalog;
    }

    /** Where the visible data ends; empty if there is none, or if damage hides the end. */
    public OptionalLong end() throws IOException {
        return catalog.whileDeleting(chain -> endNow());
    }

    /** As of the listing, if that tells it: then nothing is opened. */
    private OptionalLong endNow() throws IOException {
        ListedSegments chain = catalog.chain();
        Segment newest = chain.size() == 0 ? null : chain.get(chain.size() - 1);
        return newest != null && newest.isEndListed() ? OptionalLong.of(newest.listedEnd()) : endRead();
    }

    private OptionalLong endRead() throws IOException {
        try {
            return StreamEnd.of(log, catalog).filter(end -> end.position() != Long.MAX_VALUE)
                    .map(end -> OptionalLong.of(end.position())).orElse(OptionalLong.empty());
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            // reading it reports the damage
            return OptionalLong.empty();
        }
    }

    /**
     * The greatest position where a record of the stream can have ended so far. Empty if that isn't known: there is damage, or only recovery
     * will show which records to redo or cut.
     */
    public OptionalLong limit() throws IOException {
        // every deleted record of the stream was below it
        long start = log.start();
        return catalog.whileDeleting(chain -> {
            if (chain.size() == 0) {
                return OptionalLong.of(start);
            }
            Segment newest = chain.get(chain.size() - 1);
            try (SegmentReader reader = newest.open(log.channels())) {
                SegmentHeader now = SegmentFiles.readHeader(reader, newest.file(), newest.key(), newest.name());
                if (reader.footerNow().isEmpty() && log.awaitsRecovery(now)) {
                    return OptionalLong.empty();
                }
                OptionalLong end = endRead();
                return end.isEmpty() || log.goesOnAtItsEnd(now) ? end : OptionalLong.of(Math.max(start, end.getAsLong()));
            } catch (CorruptSegmentException | UnsupportedFormatException e) {
                return OptionalLong.empty();
            }
        });
    }

    /**
     * What the stream's first segment tells about the deleted data before it.
     *
     * @param previousEnd stream position where that data ended; the segment's own beginning if that isn't known
     * @param isKnown whether the end is known; else the stream was deleted and came again
     */
    public record Before(long previousEnd, boolean isKnown) {}

    /** The data before the first segment; empty if there is no segment, or the first one begins at or before the position, or can't be read. */
    public Optional<Before> beforeFirst(long position) throws IOException {
        return catalog.whileDeleting(chain -> {
            if (chain.size() == 0 || chain.get(0).basePosition() <= position) {
                return Optional.empty();
            }
            try {
                SegmentHeader header = chain.get(0).header(log.channels());
                return Optional.of(new Before(header.previousEnd(), !header.isEndBeforeUnknown()));
            } catch (CorruptSegmentException | UnsupportedFormatException e) {
                // the tail reports the damage
                return Optional.empty();
            }
        });
    }

    /** Bytes of records, and of padding between them, from the position on. */
    public long bytesFrom(long position) throws IOException {
        return catalog.whileDeleting(chain -> {
            long bytes = 0;
            for (int i = Math.max(0, chain.floor(position)); i < chain.size(); i++) {
                long begin = chain.get(i).basePosition();
                bytes += Math.max(0, end(chain, i) - Math.max(begin, position));
            }
            return bytes;
        });
    }

    /** Where the data of a segment ends; its beginning if the end isn't known. */
    private long end(ListedSegments chain, int index) throws IOException {
        Segment segment = chain.get(index);
        if (index + 1 == chain.size()) {
            return endNow().orElse(segment.basePosition());
        }
        try {
            return chain.get(index + 1).header(log.channels()).previousEnd();
        } catch (CorruptSegmentException | UnsupportedFormatException e) {
            return segment.basePosition();
        }
    }
}
