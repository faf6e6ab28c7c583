package dev.streamwal.reader;

import dev.streamwal.format.CursorScope;
import dev.streamwal.format.StreamKey;
import dev.streamwal.source.FollowedStreams;
import dev.streamwal.source.LogSource;
import dev.streamwal.source.SegmentCatalog;
import dev.streamwal.source.StreamExtent;
import dev.streamwal.source.StreamScan;
import dev.streamwal.source.StreamTail;
import dev.streamwal.source.TailWalk;
import java.io.IOException;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;

/** Where a consumer's tail begins: behind what it has committed, and where streams begin that came later, of which it misses nothing either. */
final class ConsumerTail {

    private final LogSource log;
    private final StreamKey name;
    private final CursorScope scope;
    private final ConsumerCursor cursor;

    ConsumerTail(LogSource log, StreamKey name, CursorScope scope, ConsumerCursor cursor) {
        this.log = log;
        this.name = name;
        this.scope = scope;
        this.cursor = cursor;
    }

    TailWalk open() {
        try {
            return scope.isPrefix() ? ofPrefix() : ofStream();
        } catch (IOException e) {
            throw log.failure("opening a consumer's tail", e, log.streams().path(), null, WalException.NO_POSITION);
        }
    }

    private TailWalk ofPrefix() throws IOException {
        Map<String, Long> from = cursor.positions();
        // position 0 is one that was come to, not the first record that there is, whichever
        from.replaceAll((key, position) -> position == 0 ? TailStart.ZERO : position);
        long others = cursor.knowsStart() ? cursor.start() : FollowedStreams.FIRST;
        return new FollowedStreams(log, scope.text(), from, others, this::behind);
    }

    private TailWalk ofStream() throws IOException {
        SegmentCatalog catalog = log.freshCatalog(StreamKey.of(scope.text()).text());
        return new StreamTail(log, catalog, scan(catalog));
    }

    private StreamScan scan(SegmentCatalog catalog) throws IOException {
        Long committed = cursor.position(scope.text());
        if (committed != null) {
            return behind(catalog, committed == 0 ? TailStart.ZERO : committed);
        }
        return cursor.knowsStart() ? StreamScan.ofNewStream(log, catalog, cursor.start()) : new TailStart(log, catalog).at(EntryTail.FIRST);
    }

    /**
     * Where what was committed is behind all that there is, what comes now comes at positions below it, and nothing of that has been done
     * with. So it goes on at the end, and says so once. What a cut or a loss of power took is another matter: the stream goes on above it.
     */
    private StreamScan behind(SegmentCatalog catalog, long position) throws IOException {
        StreamScan scan = null;
        EntryNotFoundException notFound = null;
        try {
            scan = new TailStart(log, catalog).at(position);
            if (scan.beginsInSegment() || catalog.chain().floor(position) < 0) {
                return scan.behindCommit();
            }
        } catch (EntryNotFoundException e) {
            notFound = e;
        }
        OptionalLong limit = new StreamExtent(log, catalog).limit();
        if (limit.isPresent() && position > limit.getAsLong()) {
            return new TailStart(log, catalog).at(limit.getAsLong()).behindCommit()
                    .tellingFirst(isBehindEnd(catalog.key().text(), position, limit.getAsLong()));
        }
        if (scan == null) {
            throw Objects.requireNonNull(notFound);
        }
        return scan.behindCommit();
    }

    private EntryNotFoundException isBehindEnd(String key, long position, long end) {
        return new EntryNotFoundException("a consumer has committed no more than its stream holds: stream=" + key + ", committed=" + position
                + ", end=" + end + ", consumer=" + name + "; the log was put back to an earlier state, or lost its end from outside. The next"
                + " call goes on at that end; commit a position there, and this is not said again", null, key, position, null);
    }
}
