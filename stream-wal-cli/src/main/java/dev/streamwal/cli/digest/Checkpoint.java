package dev.streamwal.cli.digest;

/**
 * A place in a stream from which its digest can be computed on, without the records before it.
 *
 * @param end where the last record before it ends
 * @param records how many there are before it
 * @param digest of them, as hexadecimal digits
 */
public record Checkpoint(long end, long records, String digest) {}
