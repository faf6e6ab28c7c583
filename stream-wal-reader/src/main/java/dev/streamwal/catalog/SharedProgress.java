package dev.streamwal.catalog;

import dev.streamwal.format.StreamKey;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.shared.SharedSegment;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether looks at the shared segments have seen all records in them. A segment that was packed between two looks isn't walked any more, and
 * {@link Manifest#sharedBelow} shows that there was one. A look has seen all records of a segment if the segment was complete, or if the next segment
 * says that it ended where the look has come to. One thread.
 */
public final class SharedProgress {

    private static final long NONE = -1;

    private final LogSource log;
    private final @Nullable StreamKey stream;
    private boolean isFirst = true;
    /** Base position of the oldest segment that was looked at last. */
    private long oldest = NONE;
    /** Base position of the newest segment that was looked at. */
    private long newest = NONE;
    /** Base position of the oldest segment that the last look hasn't seen completely; {@link Long#MAX_VALUE} if there is none. */
    private long incomplete = Long.MAX_VALUE;
    /** Where the look at that segment ended, in the shared stream. */
    private long end = NONE;

    /** See {@link #isDecided()}. */
    private boolean isDecided = true;
    /** See {@link #packedBelow()}. */
    private long packedBelow;
    /** Whether it has become undecided, and no caller was told. */
    private boolean isNewlyUndecided;
    /** Whether the look being taken finds that looks have seen all; kept if the look fails and is taken again. */
    private boolean isAll = true;

    /**
     * Begins with the next look.
     *
     * @param stream the only stream whose records are looked at; null for all
     */
    public SharedProgress(LogSource log, @Nullable StreamKey stream) {
        this.log = log;
        this.stream = stream;
    }

    /** What is done at each look. It may be done again, if a segment was packed during it. */
    @FunctionalInterface
    public interface Look {
        /**
         * Looks at the records; calls {@link #looked}.
         *
         * @param live the segments that aren't packed, the oldest first, as far as their records are published
         */
        void at(Manifest manifest, List<SharedSegment> live) throws IOException;
    }

    /**
     * Takes a look.
     *
     * <p><b>Why the manifest is read again if the oldest segment has gone.</b> A segment is packed in the manifest before its file is deleted. So if the
     * manifest is the same before and after the files were listed, a segment that isn't listed is one that the manifest calls packed. Else the segment might be
     * in neither, and no caller would look for its records.
     *
     * @return false if a segment that isn't live any more may have had records that no look has seen
     */
    public boolean look(Look look) throws IOException {
        for (int attempt = 1; attempt <= PackCatalog.MAX_ATTEMPTS; attempt++) {
            try {
                Manifest manifest = log.packs().manifest();
                List<SharedSegment> live = log.shared().published(stream, manifest);
                if (live.isEmpty() || basePosition(live.get(0)) == oldest || manifest.equals(log.packs().manifest())) {
                    isAll &= begin(manifest, live);
                    look.at(manifest, live);
                    boolean wasAll = isAll;
                    isAll = true;
                    return wasAll;
                }
            } catch (NoSuchFileException e) {
                // packed and deleted since it was listed
            }
        }
        return false;
    }

    /** False while nothing tells where the segment ended that the last look hasn't seen completely: the next segment will. */
    public boolean isDecided() {
        return isDecided;
    }

    /**
     * Whether it has become undecided since the last call. Then packs may have records that no look has seen, and if no more records come, no next segment will
     * tell.
     */
    public boolean hasBecomeUndecided() {
        boolean has = isNewlyUndecided;
        isNewlyUndecided = false;
        return has;
    }

    /**
     * The segments that begin below this position of the shared stream were packed before the last look. A walk that stands in one of them leaves it, because
     * an open file keeps its disk space.
     */
    public long packedBelow() {
        return packedBelow;
    }

    private boolean begin(Manifest manifest, List<SharedSegment> live) throws IOException {
        packedBelow = manifest.sharedBelow();
        long packed = packedBelow - 1;
        if (isFirst) {
            isFirst = false;
            newest = packed;
            return true;
        }
        if (packed > newest) {
            newest = packed;
            incomplete = Long.MAX_VALUE;
            isDecided = true;
            return false;
        }
        boolean wasDecided = isDecided;
        isDecided = packed < incomplete || incomplete != newest || !live.isEmpty();
        isNewlyUndecided |= wasDecided && !isDecided;
        if (packed < incomplete || !isDecided) {
            return true;
        }
        boolean isSeen = incomplete == newest && live.get(0).previousEnd() == end;
        incomplete = Long.MAX_VALUE;
        return isSeen;
    }

    /**
     * Called in each look, for the segments that are live.
     *
     * @param isSeen whether the look has seen all records of a segment up to where it has been walked by now
     */
    public void looked(List<SharedSegment> live, Predicate<SharedSegment> isSeen) throws IOException {
        if (live.isEmpty()) {
            return;
        }
        oldest = basePosition(live.get(0));
        newest = basePosition(live.get(live.size() - 1));
        incomplete = Long.MAX_VALUE;
        for (int i = 0; i < live.size() && incomplete == Long.MAX_VALUE; i++) {
            SharedSegment segment = live.get(i);
            long walkedTo = segment.walkedTo();
            boolean isWhole = segment.isComplete() || (i + 1 < live.size() && live.get(i + 1).previousEnd() == walkedTo);
            boolean isSeenToThere = isSeen.test(segment);
            if (!isWhole || !isSeenToThere) {
                incomplete = basePosition(segment);
                end = isSeenToThere ? walkedTo : NONE;
            }
        }
    }

    private static long basePosition(SharedSegment segment) {
        return segment.file().basePosition();
    }
}
