package dev.streamwal.format;

/**
 * One commit: a consumer has done with everything that stands before the position in the stream.
 *
 * @param key of the stream
 * @param position stream position, not negative
 * @param committedAtMillis when, epoch ms
 */
public record CursorEntry(StreamKey key, long position, long committedAtMillis) {

    public CursorEntry {
        if (position < 0) {
            throw new IllegalArgumentException("a position is not negative: position=" + position + ", stream=" + key);
        }
    }
}
