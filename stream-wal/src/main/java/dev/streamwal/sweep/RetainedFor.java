package dev.streamwal.sweep;

/**
 * How much a stream keeps for a consumer.
 *
 * @param consumer the consumer's name
 * @param maxBytes of files
 * @param maxMillis beyond the expiration
 */
public record RetainedFor(String consumer, long maxBytes, long maxMillis) {}
