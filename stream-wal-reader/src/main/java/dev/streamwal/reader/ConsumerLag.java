package dev.streamwal.reader;

import java.util.Optional;

/**
 * How far a consumer is in one stream, as it stood when it was looked at. Immutable.
 *
 * @param key of the stream
 * @param committed stream position before which it has done with everything; where it has committed nothing, the first one that there is
 * @param end stream position where the data ends
 * @param behindBytes of records between the two; less than the distance of the positions where the stream has gone on at higher ones
 * @param lost what was deleted before it was committed; empty where nothing was, as far as is known
 */
public record ConsumerLag(String key, long committed, long end, long behindBytes, Optional<LostRange> lost) {}
