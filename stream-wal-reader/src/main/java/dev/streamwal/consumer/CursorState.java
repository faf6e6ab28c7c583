package dev.streamwal.consumer;

import dev.streamwal.format.CursorHeader;
import dev.streamwal.format.CursorLayout;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a cursor file says, up to the entry that was read or written last. Not thread-safe. */
final class CursorState {

    private final CursorHeader header;
    private final Map<String, Committed> commits = new HashMap<>();
    private long end;
    private long liveBytes;

    /** Of a file without entries. */
    CursorState(CursorHeader header) {
        this.header = header;
        this.end = CursorLayout.headerBytes(header);
        this.liveBytes = end;
    }

    CursorHeader header() {
        return header;
    }

    /** Where in the file the next entry goes, or begins. */
    long end() {
        return end;
    }

    /** How long the file were with one entry a key. */
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

    /** @param entryBytes of the entry, which stands at {@link #end()} */
    void add(String key, Committed committed, int entryBytes) {
        if (commits.put(key, committed) == null) {
            liveBytes += entryBytes;
        }
        end += entryBytes;
    }
}
