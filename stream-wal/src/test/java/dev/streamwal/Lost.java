package dev.streamwal;

import dev.streamwal.error.EntryExpiredException;
import dev.streamwal.reader.LostRange;
import java.util.List;
import java.util.Objects;

/** A {@link LostRange}, to compare with, as only the reader makes these. */
record Lost(String key, long from, long to) {

    static Lost of(LostRange range) {
        return new Lost(range.key(), range.from(), range.to());
    }

    static Lost of(EntryExpiredException told) {
        return new Lost(Objects.requireNonNull(told.key()), told.from(), told.to());
    }

    static List<Lost> all(List<LostRange> ranges) {
        return ranges.stream().map(Lost::of).toList();
    }
}
