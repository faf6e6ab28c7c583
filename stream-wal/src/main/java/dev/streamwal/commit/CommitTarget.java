package dev.streamwal.commit;

/**
 * A stream, and the position up to which it has to become durable.
 *
 * @param end stream position
 */
public record CommitTarget(CommitCursor cursor, long end) {}
