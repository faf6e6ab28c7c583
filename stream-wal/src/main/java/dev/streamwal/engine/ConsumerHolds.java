package dev.streamwal.engine;

import dev.streamwal.append.StreamLog;
import dev.streamwal.consumer.Committed;
import dev.streamwal.consumer.CursorFiles;
import dev.streamwal.consumer.CursorReader;
import dev.streamwal.format.CursorHeader;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.FileForce;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.retention.HeldBack;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;

/**
 * Reads the cursors of consumers, in whatever process they are, to find out what of a plan has to stay for them; {@link HeldBack} decides.
 * For one sweep at a time.
 *
 * <p>The cursors are read after the plan was made and before anything is deleted. A later commit releases more, which the next sweep finds. A
 * later seek back is too late: the consumer is told what it has lost.
 *
 * <p>A commit is in the page cache when it returns. A power loss could remove it after the records that it released were deleted; the
 * consumer would then resume at an earlier commit and be told that it had lost records that it has received. So a commit counts only once
 * this class has forced its cursor file.
 */
public final class ConsumerHolds {

    private final Path root;
    private final Function<String, List<RetainedFor>> retainedFor;
    private final SweepEvents report;
    /** By consumer. Keeps what was read, so that the next sweep reads only what was added. */
    private final Map<String, DurableCursor> cursors = new HashMap<>();
    private final LastRecords lastRecords = new LastRecords();

    /** @param retainedFor the consumers for which a stream is kept, by its key */
    public ConsumerHolds(Path root, Function<String, List<RetainedFor>> retainedFor, SweepEvents report) {
        this.root = root;
        this.retainedFor = retainedFor;
        this.report = report;
    }

    /**
     * @param packed what the plan deletes from packs, of streams that are {@link #isRetained}
     * @param streams from which the plan was made
     * @param logs of these streams
     */
    HeldBack.Outcome of(long nowMillis, List<ExpiryPlan.Deletion> plan, List<HeldBack.Due> packed, List<ExpiryPlan.Stream> streams,
            Map<String, StreamLog> logs) {
        lastRecords.keepOnly(plan);
        Map<String, List<RetainedFor>> retained = new HashMap<>();
        for (ExpiryPlan.Deletion deletion : plan) {
            retained.computeIfAbsent(deletion.key(), retainedFor);
        }
        packed.forEach(due -> retained.computeIfAbsent(due.deletion().key(), retainedFor));
        retained.values().removeIf(List::isEmpty);
        if (retained.isEmpty()) {
            return new HeldBack.Outcome(plan, 0, 0);
        }
        Map<String, Optional<CursorReader>> read = readCursors(retained);
        Map<String, List<HeldBack.Hold>> holds = new HashMap<>();
        retained.forEach((key, consumers) -> holds.put(key, holdsOf(key, consumers, read)));
        // a stream's segments in packs are before those with files of their own
        List<HeldBack.Due> dues = new ArrayList<>(packed);
        dues.addAll(dues(plan, holds, streams, logs));
        return HeldBack.of(nowMillis, dues, holds);
    }

    /** Whether a stream is kept for any consumer. */
    boolean isRetained(String key) {
        return !retainedFor.apply(key).isEmpty();
    }

    /** @return by consumer; empty if its cursor can't be read now */
    private Map<String, Optional<CursorReader>> readCursors(Map<String, List<RetainedFor>> retained) {
        Map<String, Optional<CursorReader>> read = new LinkedHashMap<>();
        retained.values().forEach(consumers -> consumers.forEach(retain -> read.computeIfAbsent(retain.consumer(), this::read)));
        return read;
    }

    private Optional<CursorReader> read(String consumer) {
        try {
            DurableCursor cursor = cursors.computeIfAbsent(
                    consumer, name -> new DurableCursor(CursorFiles.cursor(root, CursorFiles.name(name))));
            cursor.refresh();
            return Optional.of(cursor.reader);
        } catch (IOException | RuntimeException e) {
            report.sweepFailed(null, new IllegalStateException("can't read the cursor of a consumer that streams are kept for: consumer="
                    + consumer + "; until it can be read, they are kept as if it had committed nothing", e));
            return Optional.empty();
        }
    }

    private static List<HeldBack.Hold> holdsOf(String key, List<RetainedFor> consumers, Map<String, Optional<CursorReader>> read) {
        List<HeldBack.Hold> holds = new ArrayList<>();
        for (RetainedFor retain : consumers) {
            Optional<CursorReader> cursor = read.getOrDefault(retain.consumer(), Optional.empty());
            boolean readsOthers = cursor.flatMap(CursorReader::header).map(CursorHeader::scope).filter(scope -> !scope.contains(key)).isPresent();
            if (!readsOthers) {
                Committed committed = cursor.map(found -> found.commits().get(key)).orElse(null);
                holds.add(new HeldBack.Hold(committed == null ? 0 : committed.position(), retain.maxBytes(), retain.maxMillis()));
            }
        }
        return holds;
    }

    /** A segment ends where the next one begins, or before. A consumer that has read on has committed a position beyond that. */
    private List<HeldBack.Due> dues(List<ExpiryPlan.Deletion> plan, Map<String, List<HeldBack.Hold>> holds,
            List<ExpiryPlan.Stream> streams, Map<String, StreamLog> logs) {
        Map<String, Iterator<ExpiryPlan.Segment>> next = new HashMap<>();
        streams.stream().filter(stream -> holds.containsKey(stream.key()))
                .forEach(stream -> next.put(stream.key(), stream.segments().stream().skip(1).iterator()));
        List<HeldBack.Due> dues = new ArrayList<>(plan.size());
        for (ExpiryPlan.Deletion deletion : plan) {
            Iterator<ExpiryPlan.Segment> successors = next.getOrDefault(deletion.key(), Collections.emptyIterator());
            List<HeldBack.Hold> held = holds.getOrDefault(deletion.key(), List.of());
            long end = successors.hasNext() ? endOfRecords(deletion, successors.next().basePosition(), held, logs)
                    : endOfNewest(deletion, held, logs);
            dues.add(new HeldBack.Due(deletion, end));
        }
        return dues;
    }

    /** Reads the exact end only if a consumer has reached the segment, and perhaps its last record. */
    private long endOfRecords(
            ExpiryPlan.Deletion deletion, long nextBegins, List<HeldBack.Hold> holds, Map<String, StreamLog> logs) {
        boolean anyIsInIt = holds.stream()
                .anyMatch(hold -> deletion.segment().basePosition() <= hold.committed() && hold.committed() < nextBegins);
        StreamLog log = logs.get(deletion.key());
        return anyIsInIt && log != null ? lastRecords.endIn(log, deletion, nextBegins, false) : nextBegins;
    }

    /** May have to recover the stream, so the end is determined only if a consumer has reached the segment. */
    private long endOfNewest(ExpiryPlan.Deletion deletion, List<HeldBack.Hold> holds, Map<String, StreamLog> logs) {
        boolean anyIsInIt = holds.stream().anyMatch(hold -> hold.committed() > deletion.segment().basePosition());
        StreamLog log = logs.get(deletion.key());
        if (!anyIsInIt || log == null) {
            return Long.MAX_VALUE;
        }
        try {
            long end = log.endPosition();
            return holds.stream().allMatch(hold -> hold.committed() >= end) ? end : lastRecords.endIn(log, deletion, end, true);
        } catch (RuntimeException e) {
            report.sweepFailed(deletion.key(), e);
            return Long.MAX_VALUE;
        }
    }

    /**
     * A cursor that is forced as far as it was read.
     *
     * <p>The file is forced by its name. If another file has taken the name since the read, that one is forced; its content was durable
     * before it was renamed, and it has committed at least as much. So the name is forced as well, and whichever file a power loss leaves is
     * durable. If forcing a file fails, a second attempt would succeed without writing the lost data (see {@link FileForce}): nothing of that
     * file counts any more.
     */
    private static final class DurableCursor {

        final CursorReader reader;
        /** True also after a failed read, which may have read some of the file. */
        private boolean unforced;
        private Optional<CursorHeader> doubtful = Optional.empty();

        DurableCursor(Path file) {
            this.reader = new CursorReader(file);
        }

        void refresh() throws IOException {
            boolean isNew = unforced;
            unforced = true;
            isNew |= reader.refresh();
            if (reader.header().isPresent() && isNew) {
                force();
            }
            unforced = false;
        }

        private void force() throws IOException {
            if (doubtful.equals(reader.header())) {
                throw new IOException("cursor file may not survive power loss, since it could not be forced once: file=" + reader.file()
                        + "; its commits count again when its consumer begins a new file");
            }
            try {
                FileForce.force(reader.file());
            } catch (FileNotFoundException | FileSystemException e) {
                throw e; // it wasn't even opened
            } catch (IOException e) {
                doubtful = reader.header();
                throw e;
            }
            DirectoryForce.force(Objects.requireNonNull(reader.file().getParent(), "cursor file without a parent folder"));
        }
    }
}
