package dev.streamwal.sweep;

import dev.streamwal.append.DeletionLog;
import dev.streamwal.append.StreamLog;
import dev.streamwal.commit.Deletion;
import dev.streamwal.packing.SweptSegment;
import dev.streamwal.retention.ExpiryPlan;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Deletes segments in files of their own: decides for every stream, records all decisions, and deletes. If one deletion of a stream fails, its later ones
 * aren't done: a stream loses its beginning and nothing else.
 */
final class DueFiles {

    private final DeletionLog deletions;
    private final Map<String, StreamLog> logs;
    private final SweepTally tally;

    /**
     * @param deletions records them
     * @param logs by key, of all streams whose files are deleted
     */
    DueFiles(DeletionLog deletions, Map<String, StreamLog> logs, SweepTally tally) {
        this.deletions = deletions;
        this.logs = logs;
        this.tally = tally;
    }

    void carryOut(List<ExpiryPlan.Deletion> files) {
        List<Deletion.Kept> kept = new ArrayList<>();
        try {
            Map<String, Long> below = writeDown(decide(files), kept);
            for (ExpiryPlan.Deletion file : files) {
                Long position = below.get(file.key());
                if (position != null && !delete(file, position)) {
                    below.remove(file.key());
                }
            }
        } finally {
            kept.forEach(Deletion.Kept::close);
        }
    }

    private List<Deletion.Below> decide(List<ExpiryPlan.Deletion> files) {
        Map<String, Long> newest = new LinkedHashMap<>();
        files.forEach(file -> newest.put(file.key(), file.segment().basePosition()));
        List<Deletion.Below> decided = new ArrayList<>(newest.size());
        newest.forEach((key, basePosition) -> {
            StreamLog log = log(key);
            try {
                log.condemnUpTo(basePosition).ifPresent(below -> decided.add(new Deletion.Below(log.key(), below)));
            } catch (IOException | RuntimeException e) {
                tally.failed(key, e);
            }
        });
        return decided;
    }

    /** What can't be recorded isn't deleted; the next pass tries again. */
    private Map<String, Long> writeDown(List<Deletion.Below> decided, List<Deletion.Kept> kept) {
        Map<String, Long> below = new HashMap<>();
        for (int from = 0; from < decided.size(); from += DeletionLog.MAX_STREAMS) {
            List<Deletion.Below> some = decided.subList(from, Math.min(decided.size(), from + DeletionLog.MAX_STREAMS));
            try {
                kept.add(deletions.deletedBelow(List.copyOf(some)));
                some.forEach(stream -> below.put(stream.key().text(), stream.position()));
            } catch (IOException | RuntimeException e) {
                tally.failed(some.size(), e);
            }
        }
        return below;
    }

    /** @return false if it is still there, or was purged, deleted or appended to since the plan was made */
    private boolean delete(ExpiryPlan.Deletion file, long below) {
        Optional<StreamLog.Deleted> gone;
        try {
            gone = log(file.key()).deleteOldest(file.segment().basePosition(), below);
        } catch (IOException | RuntimeException e) {
            tally.failed(file.key(), e);
            return false;
        }
        gone.ifPresent(deleted -> tally.deletedFile(new SweptSegment(deleted, file.key(), file.cause())));
        return gone.isPresent();
    }

    private StreamLog log(String key) {
        return Objects.requireNonNull(logs.get(key), key);
    }
}
