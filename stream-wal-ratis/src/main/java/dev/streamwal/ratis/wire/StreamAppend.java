package dev.streamwal.ratis.wire;

import dev.streamwal.WriteEntry;
import java.util.List;

/**
 * Records of one stream, which are appended one behind the other, each by itself: one that is refused leaves no gap, and doesn't stop the others.
 *
 * @param expectedEnd where the stream must end for that; {@link #ANY_END} where it doesn't matter
 */
public record StreamAppend(String key, long expectedEnd, List<WriteEntry> entries) {

    public static final long ANY_END = -1;
}
