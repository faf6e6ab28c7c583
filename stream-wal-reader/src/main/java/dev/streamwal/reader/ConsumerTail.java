package dev.streamwal.reader;

import dev.streamwal.format.CursorScope;
import dev.streamwal.format.StreamKey;
import dev.streamwal.source.FollowedStreams;
import dev.streamwal.source.LogSource;
import dev.streamwal.source.SegmentCatalog;
import dev.streamwal.source.StreamScan;
import dev.streamwal.source.StreamTail;
import dev.streamwal.source.TailWalk;
import java.io.IOException;
import java.util.Map;

/** Where a consumer's tail begins: behind what it has committed, and where streams begin that came later, of which it misses nothing either. */
final class ConsumerTail {

    private final LogSource log;
    private final CursorScope scope;
    private final ConsumerCursor cursor;

    ConsumerTail(LogSource log, CursorScope scope, ConsumerCursor cursor) {
        this.log = log;
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
        return new FollowedStreams(log, scope.text(), from, others, (catalog, position) -> new TailStart(log, catalog).at(position).behindCommit());
    }

    private TailWalk ofStream() throws IOException {
        SegmentCatalog catalog = log.freshCatalog(StreamKey.of(scope.text()).text());
        return new StreamTail(log, catalog, scan(catalog));
    }

    private StreamScan scan(SegmentCatalog catalog) throws IOException {
        Long committed = cursor.position(scope.text());
        if (committed != null) {
            return new TailStart(log, catalog).at(committed == 0 ? TailStart.ZERO : committed).behindCommit();
        }
        return cursor.knowsStart() ? StreamScan.ofNewStream(log, catalog, cursor.start()) : new TailStart(log, catalog).at(EntryTail.FIRST);
    }
}
