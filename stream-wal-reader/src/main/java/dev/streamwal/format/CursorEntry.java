package dev.streamwal.format;

/**
 * One commit: the consumer has processed everything before the position in the stream.
 *
 * @param key of the stream
 * @param position stream position, not negative
 * @param committedAtMillis when, epoch ms
 */
public record CursorEntry(StreamKey key, long position, long committedAtMillis) {

    public CursorEntry {
        if (position < 0) {
            throw new IllegalArgumentException("position is negative: position=" + position + ", stream=" + key);
        }
    }
}
