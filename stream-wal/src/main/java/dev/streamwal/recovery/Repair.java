package dev.streamwal.recovery;

import java.nio.file.Path;
import java.util.Optional;

/**
 * One thing that recovery found in a segment, and did about it.
 *
 * @param offset in the file
 * @param length from there on: of what was overwritten, cut, or is missing
 * @param setAside the copy of it; empty if there is none
 */
public record Repair(RecoveryDecision decision, Path file, long offset, long length, Optional<Path> setAside) {}
