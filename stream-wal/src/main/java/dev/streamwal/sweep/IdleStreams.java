package dev.streamwal.sweep;

import dev.streamwal.append.StreamLog;
import dev.streamwal.error.WalException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.packing.PackStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;

/** Streams in memory that needn't be there: those of which nothing is left, and idle ones if there are many. Used by one thread at a time. */
final class IdleStreams {

    /** For so many streams at most a pass asks the packs. If a million keys come a day, a minute's new keys are fewer. */
    private static final int MAX_LOOKS = 10_000;
    /** Of these, so many at a time, while nothing can be packed. */
    private static final int LOOKS_AT_ONCE = 2_048;

    /**
     * A pass visits so many streams, and besides a part of all, to see whether they have expired. They come from memory, each with a miss of the
     * processor's caches, so with many streams a pass that visits all would do nothing else. All are visited in sixteen passes.
     */
    private static final int MIN_VISITS = 2_000;
    private static final int PASSES_FOR_ALL = 16;

    private final SweptLog wal;
    private final PackStore store;
    private final int maxIdleStreams;

    /** Where the next pass goes on to look. */
    private Iterator<StreamLog> unvisited = Collections.emptyIterator();

    /** @param maxIdleStreams if more streams are in memory, idle ones don't stay there */
    IdleStreams(SweptLog wal, PackStore store, int maxIdleStreams) {
        this.wal = wal;
        this.store = store;
        this.maxIdleStreams = maxIdleStreams;
    }

    /**
     * Lets go of them, in turn. A pack that can't be read may have something of any of them, so they stay; the pack is reported when it is due. Works in
     * small steps, because packing waits for each.
     */
    void forget(long nowMillis) {
        unvisited = unvisited.hasNext() ? unvisited : wal.inMemory();
        int visits = MIN_VISITS + wal.countInMemory() / PASSES_FOR_ALL;
        List<StreamLog> idle = new ArrayList<>();
        for (int i = 0; i < visits && unvisited.hasNext() && idle.size() < MAX_LOOKS; i++) {
            StreamLog stream = unvisited.next();
            if (isCrowded() ? stream.isIdle(nowMillis) : stream.hasExpired(nowMillis)) {
                idle.add(stream);
            }
        }
        // in the order of the packs' tables, in which a lookup goes on where the one before ended
        idle.sort(Comparator.comparing(StreamLog::key, StreamKey::compare));
        try {
            for (int from = 0; from < idle.size(); from += LOOKS_AT_ONCE) {
                List<StreamLog> some = idle.subList(from, Math.min(idle.size(), from + LOOKS_AT_ONCE));
                store.whileDeleting(() -> some.forEach(stream -> forget(stream, nowMillis)));
            }
        } catch (IOException e) {
            // the others stay, too; the next packing reports it
        }
    }

    private void forget(StreamLog stream, long nowMillis) {
        try {
            boolean unused = stream.forgetIfGone(nowMillis, () -> store.isGone(stream))
                    || (isCrowded() && stream.forgetIfPacked(nowMillis, store::isPackedUpTo));
        } catch (IOException | WalException e) {
            // it stays
        }
    }

    private boolean isCrowded() {
        return wal.countInMemory() > maxIdleStreams;
    }
}
