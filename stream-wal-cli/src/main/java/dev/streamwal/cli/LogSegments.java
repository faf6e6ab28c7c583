package dev.streamwal.cli;

import dev.streamwal.catalog.ListedSegments;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.segment.ReadSettings;
import dev.streamwal.segment.Segment;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The segments of a log's streams as they are now, in files of their own and in packs. Close it. */
final class LogSegments implements AutoCloseable {

    private final LogSource source;

    private LogSegments(LogSource source) {
        this.source = source;
    }

    /** The segments of any directory; one without a log has none. */
    static LogSegments of(Path root) {
        return of(root, null);
    }

    /** The same of a log whose tier is here; null for where the log says that it is. */
    static LogSegments of(Path root, @Nullable Path tier) {
        return new LogSegments(new LogSource(root, settings(tier), null));
    }

    /** The segments that a tier has, of whose log there is nothing else. */
    static LogSegments ofTier(Path tier) throws IOException {
        return new LogSegments(LogSource.ofTier(tier, settings(tier)));
    }

    private static ReadSettings settings(@Nullable Path tier) {
        ReaderOptions options = ReaderOptions.builder().build();
        // listing segments never needs the time
        return new ReadSettings(options.maxBatchBytes(), options.maxOpenFiles(), options.mergeGapBytes(), options.scanBufferBytes(), 0, false, false,
                InstantSource.fixed(Instant.EPOCH), tier, options.tierCacheBytes());
    }

    /** The folder of a log's streams. */
    static Path folder(Path root) {
        return StreamDirectory.in(root);
    }

    /** The segments of a stream, in order of position. */
    List<Segment> of(String key) throws IOException {
        ListedSegments chain = source.unsharedCatalog(key).chain();
        List<Segment> segments = new ArrayList<>(chain.size());
        for (int i = 0; i < chain.size(); i++) {
            segments.add(chain.get(i));
        }
        return segments;
    }

    /** The segment that has the beginning of one whose file has gone; empty where it was deleted. */
    Optional<Segment> movedTo(Segment gone) throws IOException {
        return Optional.ofNullable(source.unsharedCatalog(gone.key().text()).chain().movedTo(gone));
    }

    /** The source through which segments are opened. */
    ChannelCache channels() {
        return source.channels();
    }

    /** Keys of the existing streams. */
    NavigableSet<String> keys() throws IOException {
        return source.keys(KeyScope.all());
    }

    /** Whether records may come behind the end of a segment without a footer, as a writer that was killed left them to recovery. */
    boolean awaitsRecovery(SegmentHeader header) throws IOException {
        return source.awaitsRecovery() || source.awaitsRecovery(header);
    }

    List<CorruptSegmentException> damagedTables() throws IOException {
        return source.packs().damagedTables();
    }

    /** How many records a pack has that its damaged table doesn't tell. */
    long unlistedRecords(Path table) throws IOException {
        String name = Objects.requireNonNull(table.getFileName()).toString();
        OptionalLong ofTable = PackFiles.parseTable(name);
        return source.packs().unlistedRecords((ofTable.isPresent() ? ofTable : PackFiles.parse(name)).orElseThrow());
    }

    /** The bytes of all segments of a stream. */
    long bytes(String key) throws IOException {
        long bytes = 0;
        for (Segment segment : of(key)) {
            bytes += bytes(segment).orElse(0);
        }
        return bytes;
    }

    /** Empty if it is deleted meanwhile. */
    static OptionalLong bytes(Segment segment) throws IOException {
        try {
            return OptionalLong.of(segment.bytes());
        } catch (NoSuchFileException e) {
            return OptionalLong.empty();
        }
    }

    @Override
    public void close() {
        source.close();
    }
}
