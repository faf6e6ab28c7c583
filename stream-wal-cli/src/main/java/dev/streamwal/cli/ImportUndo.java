package dev.streamwal.cli;

import dev.streamwal.StreamWal;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Removes what a failed import has appended: each stream's records behind the last earlier one, or the whole stream if it had none. */
final class ImportUndo {

    private final StreamWal wal;
    /** The last earlier record of each stream that received rows. */
    private final Map<String, Optional<EntryRef>> lastRecords = new HashMap<>();

    ImportUndo(StreamWal wal) {
        this.wal = wal;
    }

    /** Call it before each append. */
    void remember(String key) {
        lastRecords.computeIfAbsent(key, this::lastRecord);
    }

    private Optional<EntryRef> lastRecord(String key) {
        try (WalReader reader = wal.reader()) {
            return reader.latest(key).map(Entry::ref);
        }
    }

    void undo() {
        lastRecords.forEach((key, last) -> {
            if (last.isPresent()) {
                wal.stream(key).truncateAfter(last.get());
            } else {
                wal.delete(key);
            }
        });
    }

    /** Deletes a log that the import has created, with its folder if that is new, too. */
    static void deleteLog(Path root, boolean withFolder) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(root)) {
            files = all.sorted(Comparator.reverseOrder()).filter(file -> withFolder || !file.equals(root)).toList();
        }
        for (Path file : files) {
            Files.delete(file);
        }
    }
}
