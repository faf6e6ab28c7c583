package dev.streamwal.consumer;

import dev.streamwal.format.CursorEntry;
import dev.streamwal.format.CursorHeader;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The commits of an open consumer; read-only if the log can't be written to. Thread-safe. */
public final class ConsumerCursor {

    private final @Nullable CursorWriter writer;
    private final Map<String, Committed> found;
    private final OptionalLong foundStart;
    private final @Nullable IOException whyReadOnly;

    private ConsumerCursor(
            @Nullable CursorWriter writer, Map<String, Committed> found, OptionalLong foundStart, @Nullable IOException whyReadOnly) {
        this.writer = writer;
        this.found = found;
        this.foundStart = foundStart;
        this.whyReadOnly = whyReadOnly;
    }

    public static ConsumerCursor of(CursorWriter writer) {
        return new ConsumerCursor(writer, Map.of(), OptionalLong.of(writer.start()), null);
    }

    /** @param why the failure to write */
    public static ConsumerCursor readOnly(CursorReader reader, IOException why) {
        OptionalLong start = reader.header().stream().mapToLong(CursorHeader::start).findAny();
        return new ConsumerCursor(null, Map.copyOf(reader.commits()), start, why);
    }

    /** By key. */
    public Map<String, Long> positions() {
        Map<String, Long> positions = new HashMap<>();
        (writer == null ? found : writer.commits()).forEach((key, committed) -> positions.put(key, committed.position()));
        return positions;
    }

    /** Null if the stream has not been committed. */
    public @Nullable Long position(String key) {
        Committed committed = writer == null ? found.get(key) : writer.committed(key).orElse(null);
        return committed == null ? null : committed.position();
    }

    /** Whether the start is known, that is, whether the consumer was ever opened while it could be written. */
    public boolean knowsStart() {
        return foundStart.isPresent();
    }

    /** Where streams without a commit begin now; 0 if that isn't known. It rises when commits of streams that have gone are left out. */
    public long start() {
        return writer == null ? foundStart.orElse(0) : writer.start();
    }

    /** The reason why it can't commit; null if it can. */
    public @Nullable IOException whyReadOnly() {
        return whyReadOnly;
    }

    /** Commits positions, each of another stream. */
    public void commit(List<CursorEntry> entries) throws IOException {
        if (writer == null) {
            throw new IOException("cursor cannot be written to", whyReadOnly);
        }
        writer.commit(entries);
    }

    public void close() throws IOException {
        if (writer != null) {
            writer.close();
        }
    }
}
