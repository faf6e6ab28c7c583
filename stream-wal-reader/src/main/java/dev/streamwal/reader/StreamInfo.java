package dev.streamwal.reader;

import java.util.OptionalLong;

/**
 * A stream as it stood when it was looked at.
 *
 * @param key of the stream
 * @param segments files
 * @param bytes of these files, prepared space included
 * @param firstPosition stream position from which on there may be records
 * @param endPosition stream position where the last visible record ends
 * @param smallestTimestampMillis epoch ms; empty where there is no record
 * @param largestTimestampMillis epoch ms; empty where there is no record
 */
public record StreamInfo(
        String key,
        int segments,
        long bytes,
        long firstPosition,
        long endPosition,
        OptionalLong smallestTimestampMillis,
        OptionalLong largestTimestampMillis) {}
