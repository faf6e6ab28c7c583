package dev.streamwal.append;

import dev.streamwal.catalog.ListedSegments;
import dev.streamwal.catalog.PackCatalog;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.format.Footer;
import dev.streamwal.format.RecordLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.segment.FooterCache;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentScan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** A closed stream's files, looked at one by one: what the reader's API doesn't show. */
final class StreamFiles {

    /**
     * What was found.
     *
     * @param segments files
     * @param footers of them that have one
     * @param padding records that hold nothing
     * @param data records
     */
    record Findings(int segments, int footers, int padding, long data) {}

    private StreamFiles() {}

    /** Throws unless the chain of positions, every {@code previous size} and every footer is right, and all but the last have a footer. */
    static Findings check(Path directory, String key) throws IOException {
        int footers = 0;
        int padding = 0;
        long data = 0;
        try (ChannelCache channels = new ChannelCache(4)) {
            StreamDirectory streams = new StreamDirectory(directory.getParent().getParent(), channels);
            ListedSegments chain = new SegmentCatalog(StreamKey.of(key), streams, channels, new FooterCache(), PackCatalog.none(directory), null).refresh();
            long previousEnd = -1;
            for (int i = 0; i < chain.size(); i++) {
                Segment segment = chain.get(i);
                try (SegmentReader reader = segment.open(channels);
                        SegmentScan scan = new SegmentScan(reader, reader.header())) {
                    require(previousEnd < 0 || reader.header().previousEnd() == previousEnd,
                            "its previous end is where the one before ends",
                            segment, reader.header().previousEnd(), previousEnd);
                    Optional<Footer> footer = reader.footer();
                    require(footer.isPresent() || i == chain.size() - 1, "all but the last have a footer", segment, i, chain.size());
                    footer.ifPresent(found -> scan.limit(found.dataEnd()));
                    SegmentIndex index = new SegmentIndex();
                    int size = 0;
                    while (scan.next()) {
                        require(scan.previousSize() == size, "previous size is right", segment, scan.previousSize(), size);
                        size = scan.frameBytes();
                        if (scan.isShown()) {
                            index.add((int) scan.offset(), scan.timestampMillis());
                            data++;
                        } else if (scan.flags() == RecordLayout.PADDING) {
                            padding++;
                        }
                    }
                    if (footer.isPresent()) {
                        footers++;
                        checkFooter(segment, footer.get(), scan.offset(), size, index);
                    }
                    previousEnd = scan.offset() == reader.header().headerLength()
                            ? reader.header().previousEnd()
                            : reader.header().positionAt(scan.offset());
                }
            }
            return new Findings(chain.size(), footers, padding, data);
        }
    }

    private static void checkFooter(Segment segment, Footer footer, long end, int lastSize, SegmentIndex index) {
        require(footer.dataEnd() == end, "the data ends at the footer", segment, end, footer.dataEnd());
        require(footer.lastRecordSize() == lastSize, "the footer knows the last record", segment, footer.lastRecordSize(), lastSize);
        require(footer.index().records() == index.records(), "the footer counts right", segment, footer.index().records(), index.records());
        require(footer.index().blocks() == index.blocks(), "the footer has every block", segment, footer.index().blocks(), index.blocks());
        for (int block = 0; block < index.blocks(); block++) {
            require(footer.index().firstOffset(block) == index.firstOffset(block), "a block begins at its first record", segment,
                    footer.index().firstOffset(block), index.firstOffset(block));
            require(footer.index().smallestTimestampMillis(block) == index.smallestTimestampMillis(block), "a block's smallest is right",
                    segment, footer.index().smallestTimestampMillis(block), index.smallestTimestampMillis(block));
            require(footer.index().largestTimestampMillis(block) == index.largestTimestampMillis(block), "a block's largest is right",
                    segment, footer.index().largestTimestampMillis(block), index.largestTimestampMillis(block));
        }
    }

    private static void require(boolean fact, String rule, Segment segment, long found, long expected) {
        if (!fact) {
            throw new AssertionError(rule + ": found=" + found + ", expected=" + expected + ", file=" + segment.file());
        }
    }
}
