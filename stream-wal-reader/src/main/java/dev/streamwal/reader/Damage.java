package dev.streamwal.reader;

import java.nio.file.Path;

/**
 * A damaged part of a segment.
 *
 * @param file the segment
 * @param stream the key of the stream it belongs to
 * @param offset in the file, bytes
 * @param length bytes up to the next record that verifies, or to the end of the data
 * @param reason the rule that is broken there, and the values
 */
public record Damage(Path file, String stream, long offset, long length, String reason) {}
