package dev.streamwal.recovery;

import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.journal.DurableFrontier.Truncation;
import dev.streamwal.storage.SegmentNames;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Repeats the deletions and cuts of the journal; what is gone already stays gone. */
public final class CutRedo {

    /** The name of an unfinished copy; a crash may leave one, which is deleted when its stream is used. */
    private static final String TEMPORARY_NAME = ".0000000000000000.seg.tmp";

    private final SegmentStorage storage;
    private final StreamDirectory streams;

    public CutRedo(SegmentStorage storage, StreamDirectory streams) {
        this.storage = storage;
        this.streams = streams;
    }

    void run(JournalledCuts cuts) throws IOException {
        for (Map.Entry<StreamKey, Long> entry : cuts.deletedBelow().entrySet()) {
            deleteBelow(entry.getKey(), entry.getValue());
        }
        for (Map.Entry<StreamKey, List<Truncation>> entry : cuts.truncations().entrySet()) {
            for (Truncation truncation : entry.getValue()) {
                truncate(entry.getKey(), truncation);
            }
        }
    }

    private void deleteBelow(StreamKey key, long position) throws IOException {
        Path directory = streams.of(key);
        TreeSet<SegmentName> names = SegmentNames.in(directory);
        delete(directory, names, names.headSet(SegmentNames.from(position), false));
    }

    /** @param doomed a view of {@code names} */
    private void delete(Path directory, TreeSet<SegmentName> names, Set<SegmentName> doomed) throws IOException {
        if (doomed.isEmpty()) {
            return;
        }
        for (SegmentName name : doomed) {
            storage.delete(directory.resolve(name.fileName()));
        }
        doomed.clear();
        DirectoryForce.force(directory);
        if (names.isEmpty() && storage.deleteDirectoryIfEmpty(directory)) {
            DirectoryForce.force(streams.path());
        }
    }

    /** Repeats one cut, in a stream that isn't open. */
    public void truncate(StreamKey key, Truncation truncation) throws IOException {
        Path directory = streams.of(key);
        TreeSet<SegmentName> names = SegmentNames.in(directory);
        SegmentName from = SegmentNames.from(truncation.from());
        SegmentName holder = names.lower(from);
        delete(directory, names, names.subSet(from, true, SegmentNames.from(truncation.to()), false));
        if (holder != null) {
            Path temporary = directory.resolve(TEMPORARY_NAME);
            storage.delete(temporary);
            if (SegmentCut.redo(storage, key, directory.resolve(holder.fileName()), holder, truncation.from(), temporary)) {
                DirectoryForce.force(directory);
            }
        }
    }
}
