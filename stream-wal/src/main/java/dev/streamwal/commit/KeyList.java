package dev.streamwal.commit;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.StreamKey;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** Keys in the order in which they were added, one after the other in an array: {@value #LENGTH_BYTES} bytes and the key's UTF-8 each. */
final class KeyList implements Iterable<StreamKey> {

    private static final int LENGTH_BYTES = Short.BYTES;
    private static final byte[] NONE = {};

    private byte[] bytes = NONE;
    private int end;

    void add(StreamKey key) {
        byte[] utf8 = key.utf8();
        int next = end + LENGTH_BYTES + utf8.length;
        if (next > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(next, bytes.length + bytes.length / 2));
        }
        bytes[end] = (byte) utf8.length;
        bytes[end + 1] = (byte) (utf8.length >>> Byte.SIZE);
        System.arraycopy(utf8, 0, bytes, end + LENGTH_BYTES, utf8.length);
        end = next;
    }

    /** A mark for {@link #reset}. */
    int mark() {
        return end;
    }

    /** Forgets what was added since the mark. */
    void reset(int mark) {
        end = mark;
    }

    /** Forgets everything, and releases the memory. */
    void clear() {
        bytes = NONE;
        end = 0;
    }

    /** Nothing may be added during the iteration. */
    @Override
    public Iterator<StreamKey> iterator() {
        return new Iterator<>() {
            private int at;

            @Override
            public boolean hasNext() {
                return at < end;
            }

            @Override
            public StreamKey next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                int from = at + LENGTH_BYTES;
                at = from + (bytes[at] & 0xFF) + ((bytes[at + 1] & 0xFF) << Byte.SIZE);
                try {
                    return StreamKey.ofUtf8(Arrays.copyOfRange(bytes, from, at));
                } catch (FormatException e) {
                    throw new IllegalStateException("stored key is invalid", e);
                }
            }
        };
    }
}
