package dev.streamwal.recovery;

import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.IoFailure;
import dev.streamwal.recovery.RedoResult.Cut;
import dev.streamwal.storage.SegmentNames;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Repeats the deletions and cuts of the journal; what is gone already stays gone.
 *
 * <p>If a checkpoint has a link to a segment's file, the file is cut by a shorter copy, for which a full disk may have no room. The log is opened all
 * the same, because otherwise no room could be made in it: the cut is left, and is carried out before its stream is brought in order. Until then the
 * file is as it was before the cut, because the copy gets its name at the end.
 */
public final class CutRedo {

    private final SegmentStorage storage;
    private final StreamDirectory streams;

    public CutRedo(SegmentStorage storage, StreamDirectory streams) {
        this.storage = storage;
        this.streams = streams;
    }

    /** Returns the cuts that the disk has no room for, and the later cuts of the same streams. */
    List<Cut> run(JournalledCuts cuts) throws IOException {
        List<Cut> left = new ArrayList<>();
        for (Map.Entry<StreamKey, Long> entry : cuts.deletedBelow().entrySet()) {
            deleteBelow(entry.getKey(), entry.getValue());
        }
        for (List<Cut> ofStream : cuts.byStream()) {
            left.addAll(ofStream.subList(doneOf(ofStream), ofStream.size()));
        }
        return left;
    }

    /** Carries out a stream's cuts in order, up to one that the disk has no room for; returns how many. */
    private int doneOf(List<Cut> cuts) throws IOException {
        for (int done = 0; done < cuts.size(); done++) {
            try {
                carryOut(cuts.get(done));
            } catch (IOException e) {
                if (!IoFailure.isDiskFull(e)) {
                    throw e;
                }
                return done;
            }
        }
        return cuts.size();
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

    /** Repeats one cut, in a stream that isn't open, or isn't brought in order yet. */
    public void carryOut(Cut cut) throws IOException {
        Path directory = streams.of(cut.key());
        TreeSet<SegmentName> names = SegmentNames.in(directory);
        SegmentName from = SegmentNames.from(cut.from());
        SegmentName holder = names.lower(from);
        delete(directory, names, names.subSet(from, true, SegmentNames.from(cut.to()), false));
        if (holder != null) {
            // a crash may leave it, and then it is deleted when the stream is used
            Path temporary = directory.resolve(SegmentNames.temporary(0));
            storage.delete(temporary);
            if (SegmentCut.redo(storage, cut.key(), directory.resolve(holder.fileName()), holder, cut.from(), temporary)) {
                DirectoryForce.force(directory);
            }
        }
    }
}
