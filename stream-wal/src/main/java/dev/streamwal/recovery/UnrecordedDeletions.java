package dev.streamwal.recovery;

import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.BadSectors;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.journal.DurableFrontier;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentFiles;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentNames;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Tells a missing file that was deleted from one that a crash took. On a full disk, a deletion may be carried out for which the journal had no room,
 * and the journal may still have records of what was deleted.
 *
 * <p>If a segment is durable, all of its stream before it is durable: by its file, name included, or by the journal. So if the file of a segment
 * before it is missing, and the journal doesn't have all of that, no crash took the file: it was deleted, and so was all before it, because deletions
 * take the oldest first. Of that the journal may have some, or all: made anew, it would stand before a gap, which recovery would take for damage.
 */
final class UnrecordedDeletions {

    private final SegmentStorage storage;
    private final StreamDirectory streams;
    private final DurableFrontier durable;
    private final JournalledCuts cuts;
    /** By base position. */
    private final Map<StreamKey, NavigableMap<Long, Journalled>> journalled = new HashMap<>();
    private boolean isDamaged;

    UnrecordedDeletions(SegmentStorage storage, StreamDirectory streams, DurableFrontier durable, JournalledCuts cuts) {
        this.storage = storage;
        this.streams = streams;
        this.durable = durable;
        this.cuts = cuts;
    }

    /**
     * A segment that the journal speaks of.
     *
     * @param from offset of the first bytes that the journal has of it
     */
    private record Journalled(SegmentHeader header, int from) {}

    /** Notes that the journal has bytes of a segment, or says that it is durable up to there. */
    void add(SegmentHeader segment, int offset, int bytes) {
        journalled.computeIfAbsent(segment.key(), unused -> new TreeMap<>()).merge(segment.basePosition(),
                new Journalled(segment, bytes > 0 ? offset : Integer.MAX_VALUE),
                (before, now) -> new Journalled(segment, Math.min(before.from, now.from)));
    }

    /** Notes that a part of the journal can't be read. That it doesn't have something proves nothing any more. */
    void damaged() {
        isDamaged = true;
    }

    /** Whether a segment of the journal, the file of which is missing, was deleted. To be asked when the whole journal has been read. */
    boolean tookAway(SegmentHeader missing) throws IOException {
        if (isDamaged) {
            return false;
        }
        Path directory = streams.of(missing.key());
        TreeSet<SegmentName> names = SegmentNames.in(directory);
        names.removeIf(name -> cuts.isGone(missing.key(), name.basePosition()));
        SegmentHeader last = missing;
        while (true) {
            SegmentHeader next = behind(last, names, directory);
            if (next == null || next.isFirst()) {
                return false;
            }
            if (next.previousEnd() > durableEnd(last) || !hasBeginning(last)) {
                return isProvenFrom(next, names, directory);
            }
            if (names.contains(next.name())) {
                return false;
            }
            last = next;
        }
    }

    private NavigableMap<Long, Journalled> of(StreamKey key) {
        return journalled.getOrDefault(key, Collections.emptyNavigableMap());
    }

    /** Whether the journal has the beginning of a segment; otherwise a checkpoint has forced that, and so its file's name. */
    private boolean hasBeginning(SegmentHeader segment) {
        Journalled known = of(segment.key()).get(segment.basePosition());
        return known != null && known.from <= segment.headerLength();
    }

    /** The next segment of the stream, in a file or in the journal; null if there is none, or if it can't be read. */
    private @Nullable SegmentHeader behind(SegmentHeader segment, NavigableSet<SegmentName> names, Path directory) throws IOException {
        SegmentHeader inJournal = journalledFrom(segment.key(), segment.basePosition() + 1);
        SegmentName file = names.higher(segment.name());
        if (file == null || (inJournal != null && inJournal.basePosition() <= file.basePosition())) {
            return inJournal;
        }
        return headerOf(segment.key(), file, directory);
    }

    /** The first segment of the journal that begins at or behind a position, and wasn't deleted or cut; null if there is none. */
    private @Nullable SegmentHeader journalledFrom(StreamKey key, long position) {
        for (Journalled segment : of(key).tailMap(position, true).values()) {
            if (!cuts.isGone(key, segment.header().basePosition())) {
                return segment.header();
            }
        }
        return null;
    }

    private @Nullable SegmentHeader headerOf(StreamKey key, SegmentName name, Path directory) throws IOException {
        try (SegmentFile file = storage.open(directory.resolve(name.fileName()))) {
            return SegmentFiles.readHeader(BadSectors.around(file), file.path(), key, name);
        } catch (CorruptSegmentException e) {
            return null;
        }
    }

    private long durableEnd(SegmentHeader segment) {
        return segment.positionAt(durable.durableOffset(segment.key(), segment.basePosition(), segment.salt()).orElse(segment.headerLength()));
    }

    private boolean isProvenFrom(SegmentHeader first, NavigableSet<SegmentName> names, Path directory) throws IOException {
        if (journalledFrom(first.key(), first.basePosition()) != null) {
            return true;
        }
        for (SegmentName name : names.tailSet(first.name(), true)) {
            if (isProven(first.key(), name, directory)) {
                return true;
            }
        }
        return false;
    }

    /** Whether a footer, or the frontier, proves that the segment is durable. */
    private boolean isProven(StreamKey key, SegmentName name, Path directory) throws IOException {
        try (SegmentFile file = storage.open(directory.resolve(name.fileName()))) {
            SegmentBytes bytes = BadSectors.around(file);
            SegmentHeader header = SegmentFiles.readHeader(bytes, file.path(), key, name);
            return SegmentEnd.read(bytes, header).isFinal()
                    || durable.durableOffset(key, header.basePosition(), header.salt()).isPresent();
        } catch (CorruptSegmentException e) {
            return false;
        }
    }
}
