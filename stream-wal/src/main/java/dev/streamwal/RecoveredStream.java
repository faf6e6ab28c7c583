package dev.streamwal;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What was found, and done about it, in a segment that an earlier writer had left unfinished. Immutable.
 *
 * @param stream the key
 * @param file the segment's
 * @param decision what was done, and why, for people to read
 * @param recordsKept records of this segment that readers find
 * @param bytesCut bytes that were cut from the data, or overwritten, because they held no whole record
 * @param setAside the copy of what was cut; empty where there is none
 */
public record RecoveredStream(
        String stream, Path file, String decision, long recordsKept, long bytesCut, Optional<Path> setAside) {}
