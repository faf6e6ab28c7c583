package dev.streamwal.format;

/**
 * What a cursor file begins with.
 *
 * @param name of the consumer
 * @param scope streams that it reads
 * @param start stream position from which streams without a commit are read: the log's start when the consumer was made
 * @param salt of this file; every file has its own, even a later file of the same consumer
 */
public record CursorHeader(StreamKey name, KeyScope scope, long start, long salt) {}
