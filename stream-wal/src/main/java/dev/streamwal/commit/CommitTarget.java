package dev.streamwal.commit;

/**
 * A stream, and how far it is to be durable.
 *
 * @param end stream position
 */
public record CommitTarget(CommitCursor cursor, long end) {}
