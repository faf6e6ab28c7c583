package dev.streamwal.consumer;

/**
 * A consumer's last commit of a stream.
 *
 * @param position every record before it has been processed
 * @param atMillis when it was committed, epoch ms
 */
public record Committed(long position, long atMillis) {}
