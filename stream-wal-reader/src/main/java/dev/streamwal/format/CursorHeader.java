package dev.streamwal.format;

/**
 * What a cursor file begins with.
 *
 * @param name of the consumer
 * @param scope what it reads
 * @param start stream position where streams begin of which nothing is committed: the log's start when the consumer was made
 * @param salt of this file; another file, of the same consumer too, has another one
 */
public record CursorHeader(StreamKey name, KeyScope scope, long start, long salt) {}
