package dev.streamwal.segment;

/**
 * Where the records of a range of time can be, in a segment that has no footer yet: from {@code from} up to {@code to}, and behind {@code end}, where there may
 * be others by now, of any time.
 *
 * @param from offset in the segment
 * @param to offset in the segment, not before {@code from}
 * @param end offset in the segment, not before {@code to}
 */
public record TimeSpan(int from, int to, int end) {}
