package dev.streamwal.reader;

/**
 * Positions of a stream whose records were deleted before a consumer had them. How many bytes of records there were isn't known any more: a
 * stream may have gone on at much higher positions within the range. Immutable.
 *
 * @param key of the stream
 * @param from stream position, inclusive
 * @param to stream position, exclusive
 */
public record LostRange(String key, long from, long to) {}
