package dev.streamwal.format;

/**
 * What a cursor file begins with.
 *
 * @param name of the consumer
 * @param scope what it reads
 * @param salt of this file; another file, of the same consumer too, has another one
 */
public record CursorHeader(StreamKey name, CursorScope scope, long salt) {}
