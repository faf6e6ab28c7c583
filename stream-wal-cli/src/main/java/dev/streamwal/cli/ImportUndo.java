package dev.streamwal.cli;

import dev.streamwal.StreamWal;
import dev.streamwal.error.WalException;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalReader;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;

/** Removes what a failed import has appended: each stream's records behind the last earlier one, or the whole stream if it had none. */
final class ImportUndo {

    /** Instead of a position, until the first append has succeeded. */
    private static final long NOTHING = -1;

    /** Of each stream that received rows, where the first of them is: what was before is looked for only if it is to be removed. */
    private final Map<String, Long> firstPositions = new HashMap<>();

    /** Does an append, which returns its position. */
    void append(String key, LongSupplier append) {
        if (firstPositions.putIfAbsent(key, NOTHING) == null) {
            firstPositions.put(key, append.getAsLong());
        } else {
            long unused = append.getAsLong();
        }
    }

    /** Returns why streams couldn't be brought back, by key; the others were. */
    NavigableMap<String, WalException> undo(StreamWal wal) {
        NavigableMap<String, WalException> failures = new TreeMap<>();
        Set<String> begun = new TreeSet<>();
        lastRecords(wal, failures).forEach((key, last) -> {
            if (last.isPresent()) {
                attempt(key, failures, () -> wal.stream(key).truncateAfter(last.get()));
            } else if (begun.add(key) && begun.size() == Keys.MAX_KEYS) {
                delete(wal, begun, failures);
            }
        });
        delete(wal, begun, failures);
        return failures;
    }

    /** Deletes all of them together; if that fails, each by itself, which says of which that is. */
    private static void delete(StreamWal wal, Set<String> begun, Map<String, WalException> failures) {
        try {
            int unused = wal.delete(Keys.of(begun));
        } catch (WalException e) {
            begun.forEach(key -> attempt(key, failures, () -> {
                boolean unused = wal.delete(key);
            }));
        }
        begun.clear();
    }

    private static void attempt(String key, Map<String, WalException> failures, Runnable step) {
        try {
            step.run();
        } catch (WalException e) {
            failures.put(key, e);
        }
    }

    /** The last earlier record of each stream that received rows. By one reader, in the order of keys: shared segments are read once then. */
    private NavigableMap<String, Optional<EntryRef>> lastRecords(StreamWal wal, Map<String, WalException> failures) {
        NavigableMap<String, Optional<EntryRef>> last = new TreeMap<>();
        try (WalReader reader = wal.reader()) {
            new TreeMap<>(firstPositions).forEach((key, first) -> attempt(key, failures, () -> last.put(key, lastRecord(reader, key, first))));
        }
        return last;
    }

    private static Optional<EntryRef> lastRecord(WalReader reader, String key, long first) {
        try (EntryCursor cursor = reader.scanBackward(key, first == NOTHING ? Long.MAX_VALUE : first)) {
            return cursor.next() ? Optional.of(cursor.ref()) : Optional.empty();
        }
    }
}
