package dev.streamwal.consumer;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.error.WalException;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.StreamKey;
import dev.streamwal.lookup.ScanBegin;
import dev.streamwal.lookup.ScanStart;
import dev.streamwal.tail.FollowedStreams;
import dev.streamwal.tail.StreamTail;
import dev.streamwal.walk.TailWalk;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * Opens a consumer's tail: after the last commit of each stream, or behind the range after it that the consumer knows to be gone, and at the
 * beginning of streams that came later, so that no record is missed.
 */
public final class ConsumerTail {

    private final LogSource log;
    private final StreamKey name;
    private final KeyScope scope;
    private final ConsumerCursor cursor;
    private final Gone gone;
    private final Delivered delivered;

    /** The ranges that a consumer was told of already. */
    @FunctionalInterface
    public interface Gone {
        /** Where its tail goes on in a stream of which it has committed a position. */
        long behind(String key, long committed);
    }

    public ConsumerTail(LogSource log, StreamKey name, KeyScope scope, ConsumerCursor cursor, Gone gone, Delivered delivered) {
        this.log = log;
        this.name = name;
        this.scope = scope;
        this.cursor = cursor;
        this.gone = gone;
        this.delivered = delivered;
    }

    public TailWalk open() {
        try {
            return scope instanceof KeyScope.One one ? ofStream(one.key()) : ofStreams();
        } catch (IOException e) {
            throw log.failure("opening a consumer's tail", e, log.streams().path(), null, WalException.NO_POSITION);
        }
    }

    private TailWalk ofStreams() throws IOException {
        Map<String, ScanBegin> from = new HashMap<>();
        cursor.positions().forEach((key, position) -> from.put(key, behind(key, position)));
        return new FollowedStreams(log, scope, from, new FollowedStreams.Others() {
            @Override
            public ScanBegin begin(String key) {
                return inOther(key);
            }

            @Override
            public boolean mayForget(String key) {
                return !delivered.isAny(key);
            }
        });
    }

    private TailWalk ofStream(String key) throws IOException {
        SegmentCatalog catalog = log.freshCatalog(key);
        Long committed = cursor.position(key);
        ScanBegin begin = committed == null ? others() : behind(key, committed);
        return new StreamTail(log, catalog, new ScanStart(log, catalog).tail(begin));
    }

    private ScanBegin behind(String key, long committed) {
        return new ScanBegin.Committed(gone.behind(key, committed), name.text());
    }

    /**
     * Where to begin in a stream that the tail doesn't follow: the tail has no earlier commit of it, or has forgotten it after it had read all of it.
     * Records that come then are new. The stream's first segment may say where the stream had ended, and then the records between the commit and that
     * end were lost; if it doesn't say so, none were, as far as is known. If the cursor has forgotten the stream too, the cursor's start was raised
     * above all positions of the stream. So the start is used only if there is no commit.
     */
    private ScanBegin inOther(String key) {
        Long committed = cursor.position(key);
        return committed == null || !cursor.knowsStart() ? others() : new ScanBegin.NewStream(gone.behind(key, committed));
    }

    /** Where to begin in streams without a commit. */
    private ScanBegin others() {
        return cursor.knowsStart() ? new ScanBegin.NewStream(cursor.start()) : new ScanBegin.Oldest();
    }
}
