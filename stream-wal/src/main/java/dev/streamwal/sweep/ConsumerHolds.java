package dev.streamwal.sweep;

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
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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

    /** No stream is kept for any consumer, expired or not. */
    public static final long NONE_HELD = Long.MIN_VALUE;

    private final Path root;
    private final Function<String, List<RetainedFor>> retainedFor;
    private final long maxMillis;
    private final SweepEvents report;
    /** By consumer. Keeps what was read, so that the next sweep reads only what was added. */
    private final Map<String, DurableCursor> cursors = new HashMap<>();
    private final LastRecords lastRecords = new LastRecords();
    /** Whether the present sweep could not recover a stream to find out where it ends: the next one may. */
    private boolean isAnyEndUnknown;

    /**
     * Holds nothing yet.
     *
     * @param retainedFor the consumers for which a stream is kept, by its key
     * @param maxMillis for how long beyond its expiration any stream's segment may be kept; {@link #NONE_HELD} if no stream is kept for a consumer
     */
    public ConsumerHolds(Path root, Function<String, List<RetainedFor>> retainedFor, long maxMillis, SweepEvents report) {
        this.root = root;
        this.retainedFor = retainedFor;
        this.maxMillis = maxMillis;
        this.report = report;
    }

    /**
     * Begins a sweep.
     *
     * @param files what the plan deletes of files of streams' own
     * @param streams from which the plan was made
     * @param logs of these streams
     */
    Look look(long nowMillis, List<ExpiryPlan.Deletion> files, List<ExpiryPlan.Stream> streams, Map<String, StreamLog> logs) {
        lastRecords.keepOnly(files);
        isAnyEndUnknown = false;
        return new Look(nowMillis, files, streams, logs);
    }

    /** What consumers hold during one sweep. Each cursor is read when it is first needed, and then counts for all streams. */
    final class Look {
        private final long nowMillis;
        private final Map<String, List<ExpiryPlan.Deletion>> files = new LinkedHashMap<>();
        private final Map<String, ExpiryPlan.Stream> streams = new HashMap<>();
        private final Map<String, StreamLog> logs;
        private final Map<String, Optional<CursorReader>> read = new HashMap<>();
        private long nextReleaseMillis = Long.MAX_VALUE;

        private Look(long nowMillis, List<ExpiryPlan.Deletion> files, List<ExpiryPlan.Stream> streams, Map<String, StreamLog> logs) {
            this.nowMillis = nowMillis;
            this.logs = logs;
            files.forEach(file -> this.files.computeIfAbsent(file.key(), unused -> new ArrayList<>()).add(file));
            streams.forEach(stream -> this.streams.put(stream.key(), stream));
        }

        /** Whether no consumer may hold a segment with this expiration any more, whatever stream it is of. */
        boolean isOverForAll(long expirationMillis) {
            return maxMillis <= nowMillis - expirationMillis;
        }

        /** The keys of streams of which the plan deletes files. */
        Set<String> keysOfFiles() {
            return files.keySet();
        }

        /**
         * What of a stream is deleted, and what stays for consumers.
         *
         * @param packed what the plan deletes of it from packs, which stands before the stream's own files
         */
        HeldBack.Outcome of(String key, List<HeldBack.Due> packed) {
            List<ExpiryPlan.Deletion> ofFiles = files.getOrDefault(key, List.of());
            List<RetainedFor> consumers = retainedFor.apply(key);
            if (consumers.isEmpty()) {
                List<ExpiryPlan.Deletion> all = new ArrayList<>(packed.size() + ofFiles.size());
                packed.forEach(due -> all.add(due.deletion()));
                all.addAll(ofFiles);
                return new HeldBack.Outcome(all, 0, 0);
            }
            List<HeldBack.Hold> holds = holdsOf(key, consumers);
            List<HeldBack.Due> dues = new ArrayList<>(packed);
            dues.addAll(dues(ofFiles, holds, streams.get(key), logs.get(key)));
            nextReleaseMillis = Math.min(nextReleaseMillis, HeldBack.nextReleaseMillis(nowMillis, dues, holds));
            return HeldBack.of(nowMillis, dues, Map.of(key, holds));
        }

        /** When the time of a consumer is over for a segment that was asked about. */
        long nextReleaseMillis() {
            return nextReleaseMillis;
        }

        /** The consumers that were asked, each with how often its cursor had changed; empty if a cursor, or a segment's end, could not be read. */
        Optional<Map<String, Long>> changes() {
            if (isAnyEndUnknown || lastRecords.isAnyUnread()) {
                return Optional.empty();
            }
            Map<String, Long> changes = new HashMap<>();
            for (Map.Entry<String, Optional<CursorReader>> each : read.entrySet()) {
                DurableCursor cursor = cursors.get(each.getKey());
                if (each.getValue().isEmpty() || cursor == null) {
                    return Optional.empty();
                }
                changes.put(each.getKey(), cursor.changes);
            }
            return Optional.of(changes);
        }

        private List<HeldBack.Hold> holdsOf(String key, List<RetainedFor> consumers) {
            List<HeldBack.Hold> holds = new ArrayList<>();
            for (RetainedFor retain : consumers) {
                Optional<CursorReader> cursor = read.computeIfAbsent(retain.consumer(), ConsumerHolds.this::read);
                boolean readsOthers = cursor.flatMap(CursorReader::header).map(CursorHeader::scope).filter(scope -> !scope.contains(key)).isPresent();
                if (!readsOthers) {
                    Committed committed = cursor.map(found -> found.commits().get(key)).orElse(null);
                    holds.add(new HeldBack.Hold(committed == null ? 0 : committed.position(), retain.maxBytes(), retain.maxMillis()));
                }
            }
            return holds;
        }
    }

    /** Whether the cursors can be read, and say what they said when these were their {@link Look#changes}. */
    boolean areAsBefore(Map<String, Long> changes) {
        return changes.entrySet().stream().allMatch(each -> {
            boolean isRead = read(each.getKey()).isPresent();
            DurableCursor cursor = cursors.get(each.getKey());
            return isRead && cursor != null && cursor.changes == each.getValue();
        });
    }

    /** @return empty if the consumer's cursor can't be read now */
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

    /** A segment ends where the next one begins, or before. A consumer that has read on has committed a position beyond that. */
    private List<HeldBack.Due> dues(List<ExpiryPlan.Deletion> files, List<HeldBack.Hold> holds, ExpiryPlan.@Nullable Stream stream,
            @Nullable StreamLog log) {
        Iterator<ExpiryPlan.Segment> successors = stream == null ? Collections.emptyIterator() : stream.segments().stream().skip(1).iterator();
        List<HeldBack.Due> dues = new ArrayList<>(files.size());
        for (ExpiryPlan.Deletion deletion : files) {
            long end = successors.hasNext() ? endOfRecords(deletion, successors.next().basePosition(), holds, log)
                    : endOfNewest(deletion, holds, log);
            dues.add(new HeldBack.Due(deletion, end));
        }
        return dues;
    }

    /** Reads the exact end only if a consumer has reached the segment, and perhaps its last record. */
    private long endOfRecords(ExpiryPlan.Deletion deletion, long nextBegins, List<HeldBack.Hold> holds, @Nullable StreamLog log) {
        boolean anyIsInIt = holds.stream()
                .anyMatch(hold -> deletion.segment().basePosition() <= hold.committed() && hold.committed() < nextBegins);
        return anyIsInIt && log != null ? lastRecords.endIn(log, deletion, nextBegins, false) : nextBegins;
    }

    /** May have to recover the stream, so the end is determined only if a consumer has reached the segment. */
    private long endOfNewest(ExpiryPlan.Deletion deletion, List<HeldBack.Hold> holds, @Nullable StreamLog log) {
        boolean anyIsInIt = holds.stream().anyMatch(hold -> hold.committed() > deletion.segment().basePosition());
        if (!anyIsInIt || log == null) {
            return Long.MAX_VALUE;
        }
        try {
            long end = log.endPosition();
            return holds.stream().allMatch(hold -> hold.committed() >= end) ? end : lastRecords.endIn(log, deletion, end, true);
        } catch (RuntimeException e) {
            report.sweepFailed(deletion.key(), e);
            isAnyEndUnknown = true;
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
        /** How often something may have been read that wasn't there before. */
        private long changes;
        private Optional<CursorHeader> doubtful = Optional.empty();

        DurableCursor(Path file) {
            this.reader = new CursorReader(file);
        }

        void refresh() throws IOException {
            boolean isNew = unforced;
            unforced = true;
            isNew |= reader.refresh();
            changes += isNew ? 1 : 0;
            if (reader.header().isPresent() && isNew) {
                force();
            }
            unforced = false;
        }

        private void force() throws IOException {
            if (doubtful.equals(reader.header())) {
                throw new IOException("cursor file may not survive power loss, because forcing it has failed: file=" + reader.file()
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
