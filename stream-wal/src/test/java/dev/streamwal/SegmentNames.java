package dev.streamwal;

import dev.streamwal.format.SegmentName;
import java.nio.file.Path;

/** What the names of segments' files say. */
final class SegmentNames {

    private SegmentNames() {}

    static long baseOf(Path file) {
        return of(file).basePosition();
    }

    static long expirationOf(Path file) {
        return of(file).expirationMillis();
    }

    private static SegmentName of(Path file) {
        return SegmentName.parse(file.getFileName().toString()).orElseThrow();
    }
}
