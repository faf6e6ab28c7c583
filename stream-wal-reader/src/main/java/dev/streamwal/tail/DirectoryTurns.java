package dev.streamwal.tail;

import dev.streamwal.catalog.LogSource;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Which streams' directories are looked at next. Most streams share segments and have no directory, and one listing of the folder of streams tells
 * that of all of them. So only streams that have a directory are looked at, some each time, and a stream with a new segment doesn't wait for looks at
 * thousands of others. One thread.
 *
 * <p><b>Why no directory is missed.</b> A stream is passed over for want of a directory only while the folder is as it was before it was listed, or
 * before the look that found no directory. A directory that comes later changes the folder's modification time, and the folder is listed anew.
 */
final class DirectoryTurns {

    /** Number of known directories, and of new ones, that are looked at each time, at 2 µs each, or some 50 µs if a file has to be opened. */
    private static final int LOOKS = 32;
    /** Number of streams that are passed at most each time. */
    private static final int STEPS = 1_024;

    private final LogSource log;
    private final Predicate<FollowedStream> look;
    private final LookPace pace = LookPace.ofListings();

    /** Each stream is in one of these queues, the next one first. A stream whose directory comes or goes changes to the other queue at its turn. */
    private final ArrayDeque<FollowedStream> with = new ArrayDeque<>();
    private final ArrayDeque<FollowedStream> without = new ArrayDeque<>();
    /** The names in the folder. */
    private Set<String> names = Set.of();
    /** How often the folder had changed before the names were listed. */
    private long listedAt = -1;
    private int looks;

    /** @param look takes a look at a stream, unless the stream will be read, or is looked at elsewhere; returns whether it has looked */
    DirectoryTurns(LogSource log, Predicate<FollowedStream> look) {
        this.log = log;
        this.look = look;
    }

    /** Called for each stream once, and after each of its turns. Drops the stream if it isn't followed any more. */
    void add(FollowedStream stream) {
        if (stream.isForgotten) {
            return;
        }
        ArrayDeque<FollowedStream> turns = stream.hasDirectory() ? with : without;
        turns.addLast(stream);
    }

    /**
     * Takes the looks whose turn it is.
     *
     * @param folderChanges how often the folder of streams is known to have changed
     */
    void take(long folderChanges) throws IOException {
        looks = 0;
        for (int i = Math.min(STEPS, with.size()); i > 0 && looks < LOOKS; i--) {
            FollowedStream stream = with.removeFirst();
            try {
                looks += look.test(stream) ? 1 : 0;
            } finally {
                add(stream);
            }
        }
        list(folderChanges);
        // counted anew: looks at known directories must not keep new ones waiting
        looks = 0;
        for (int i = Math.min(STEPS, without.size()); i > 0 && looks < LOOKS; i--) {
            FollowedStream stream = without.removeFirst();
            try {
                if (listedAt == folderChanges && stream.mayHaveGotDirectory(folderChanges)) {
                    lookByName(stream, folderChanges);
                }
            } finally {
                add(stream);
            }
        }
    }

    private void list(long folderChanges) throws IOException {
        long now = System.nanoTime();
        if (listedAt == folderChanges || without.isEmpty() || !pace.isDue(now)) {
            return;
        }
        names = log.streams().names();
        listedAt = folderChanges;
        pace.looked(now, System.nanoTime());
    }

    private void lookByName(FollowedStream stream, long folderChanges) {
        if (names.contains(stream.directoryName())) {
            looks += look.test(stream) ? 1 : 0;
        } else {
            stream.hadNoDirectory(folderChanges);
        }
    }
}
