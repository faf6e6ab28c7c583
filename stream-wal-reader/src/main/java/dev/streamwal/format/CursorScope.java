package dev.streamwal.format;

import java.nio.charset.StandardCharsets;

/**
 * Which streams a consumer reads: one, or all whose keys have a prefix.
 *
 * @param text the key, or the prefix, which may be empty
 * @param isPrefix which of the two
 */
public record CursorScope(String text, boolean isPrefix) {

    /** @throws IllegalArgumentException where it is no key, and no prefix of any */
    public CursorScope {
        if (!isPrefix || !text.isEmpty()) {
            byte[] unused = StreamKey.checkedUtf8(text);
        }
    }

    /** Whether the stream of this key is one of them. */
    public boolean contains(String key) {
        return isPrefix ? key.startsWith(text) : key.equals(text);
    }

    byte[] utf8() {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** For people. */
    @Override
    public String toString() {
        return (isPrefix ? "prefix=" : "key=") + text;
    }
}
