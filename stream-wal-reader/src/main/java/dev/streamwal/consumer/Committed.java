package dev.streamwal.consumer;

/**
 * A consumer's last commit of a stream.
 *
 * @param position everything before it has been done with
 * @param atMillis when it was committed, epoch ms
 */
public record Committed(long position, long atMillis) {}
