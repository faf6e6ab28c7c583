package dev.streamwal.consumer;

import dev.streamwal.format.CursorHeader;
import dev.streamwal.format.CursorLayout;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The contents of a cursor file, up to the entry that was read or written last. Not thread-safe. */
final class CursorState {

    private final CursorHeader header;
    private final Map<String, Committed> commits = new HashMap<>();
    private long end;
    private long liveBytes;

    /** The state of a file without entries. */
    CursorState(CursorHeader header) {
        this.header = header;
        this.end = CursorLayout.headerBytes(header);
        this.liveBytes = end;
    }

    CursorHeader header() {
        return header;
    }

    /** The file offset where the next entry begins, or is to be written. */
    long end() {
        return end;
    }

    /** The length that the file would have with one entry per key. */
    long liveBytes() {
        return liveBytes;
    }

    /** By key. */
    Map<String, Committed> commits() {
        return Collections.unmodifiableMap(commits);
    }

    @Nullable Committed of(String key) {
        return commits.get(key);
    }

    /** @param entryBytes length of the entry, which begins at {@link #end()} */
    void add(String key, Committed committed, int entryBytes) {
        if (commits.put(key, committed) == null) {
            liveBytes += entryBytes;
        }
        end += entryBytes;
    }
}
