package dev.streamwal.reader;

import java.util.NavigableMap;
import java.util.OptionalLong;

/**
 * What a consumer is, and what it has committed. Immutable.
 *
 * @param name of the consumer
 * @param keys which streams it reads
 * @param committed by key, the stream position before which it has done with everything; streams that it has not committed are left out
 * @param lastCommitMillis when it last committed, epoch ms; empty where it has committed nothing
 */
public record ConsumerInfo(String name, Keys keys, NavigableMap<String, Long> committed, OptionalLong lastCommitMillis) {}
