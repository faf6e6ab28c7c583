package dev.streamwal.reader;

import dev.streamwal.cursor.Committed;
import dev.streamwal.cursor.CursorReader;
import dev.streamwal.cursor.CursorWriter;
import dev.streamwal.format.CursorEntry;
import dev.streamwal.format.CursorHeader;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What an open consumer has committed, and commits, unless nothing can be written there. Thread-safe. */
final class ConsumerCursor {

    private final @Nullable CursorWriter writer;
    private final Map<String, Committed> found;
    private final long foundStart;
    private final @Nullable IOException whyReadOnly;

    private ConsumerCursor(
            @Nullable CursorWriter writer, Map<String, Committed> found, long foundStart, @Nullable IOException whyReadOnly) {
        this.writer = writer;
        this.found = found;
        this.foundStart = foundStart;
        this.whyReadOnly = whyReadOnly;
    }

    static ConsumerCursor of(CursorWriter writer) {
        return new ConsumerCursor(writer, Map.of(), 0, null);
    }

    /** @param why nothing can be written */
    static ConsumerCursor readOnly(CursorReader reader, IOException why) {
        return new ConsumerCursor(null, Map.copyOf(reader.commits()), reader.header().map(CursorHeader::start).orElse(0L), why);
    }

    /** By key. */
    Map<String, Long> positions() {
        Map<String, Long> positions = new HashMap<>();
        (writer == null ? found : writer.commits()).forEach((key, committed) -> positions.put(key, committed.position()));
        return positions;
    }

    /** Null where the stream has not been committed. */
    @Nullable Long position(String key) {
        Committed committed = writer == null ? found.get(key) : writer.committed(key).orElse(null);
        return committed == null ? null : committed.position();
    }

    /** Where streams begin of which nothing is committed. */
    long start() {
        return writer == null ? foundStart : writer.start();
    }

    /** Null where it can commit. */
    @Nullable IOException whyReadOnly() {
        return whyReadOnly;
    }

    void commit(CursorEntry entry) throws IOException {
        if (writer == null) {
            throw new IOException("nothing can be written there", whyReadOnly);
        }
        writer.commit(entry);
    }

    void close() throws IOException {
        if (writer != null) {
            writer.close();
        }
    }
}
