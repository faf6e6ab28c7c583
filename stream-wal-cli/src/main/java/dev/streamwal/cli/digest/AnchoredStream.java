package dev.streamwal.cli.digest;

import java.util.List;

/**
 * What an anchor says of a stream.
 *
 * @param key of the stream
 * @param begin the position of the first record
 * @param checkpoints in order; the last one is behind the last record
 */
public record AnchoredStream(String key, long begin, List<Checkpoint> checkpoints) {

    /** More than these aren't read. */
    static final int MAX_CHECKPOINTS = 16;

    /** What the whole stream had. */
    public Checkpoint last() {
        return checkpoints.get(checkpoints.size() - 1);
    }
}
