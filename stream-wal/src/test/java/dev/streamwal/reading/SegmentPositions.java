package dev.streamwal.reading;

import dev.streamwal.catalog.ListedSegments;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.segment.ReadSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.IntStream;

/** Where a stream's segments begin, in files of their own and in packs, as somebody finds them who has never read the log. */
final class SegmentPositions {

    private SegmentPositions() {}

    static List<Long> of(Path root, String key) {
        try (LogSource log = new LogSource(root, new ReadSettings(1 << 20, 16, 4 << 10, 64 << 10, 1 << 20, false, InstantSource.system()), null)) {
            ListedSegments chain = log.unsharedCatalog(key).chain();
            return IntStream.range(0, chain.size()).mapToObj(index -> chain.get(index).basePosition()).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
