package dev.streamwal;

import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.recovery.KnownDurable;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** A durable frontier as a test wants it: every record up to one is durable, and what was below a position was deleted. */
record Frontier(@Nullable EntryRef lastDurable, OptionalLong deleted) implements KnownDurable {

    static Frontier none() {
        return new Frontier(null, OptionalLong.empty());
    }

    static Frontier at(Written lastDurable) {
        return new Frontier(lastDurable.ref(), OptionalLong.empty());
    }

    static Frontier deletedBelow(long position) {
        return new Frontier(null, OptionalLong.of(position));
    }

    @Override
    public int durableOffset(SegmentHeader header) {
        if (lastDurable == null || !lastDurable.key().equals(header.key().text())) {
            return 0;
        }
        long offset = header.offsetOf(lastDurable.end());
        return offset > header.headerLength() && offset <= header.capacity() ? (int) offset : 0;
    }

    @Override
    public OptionalLong deletedBelow(StreamKey key) {
        return deleted;
    }
}
