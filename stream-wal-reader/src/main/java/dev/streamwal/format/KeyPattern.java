package dev.streamwal.format;

import java.nio.charset.StandardCharsets;

/**
 * Selects the keys of an option or a command: {@code *} stands for any run of characters, including none and {@code /}, {@code ?} for one character (code
 * point), everything else for itself. There is no way to write a literal {@code *} or {@code ?}. Immutable.
 */
public final class KeyPattern {

    /** Longest pattern, in characters. */
    public static final int MAX_LENGTH = 4_096;

    private static final int ANY_RUN = '*';
    private static final int ANY_ONE = '?';

    private final String text;
    private final int[] pattern;

    /** @throws IllegalArgumentException if it is empty, too long, or not valid Unicode */
    public KeyPattern(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("key pattern is empty; give \"*\" for all keys");
        }
        if (text.length() > MAX_LENGTH) {
            throw new IllegalArgumentException("key pattern is too long: characters=" + text.length() + ", max=" + MAX_LENGTH + "; give a shorter one");
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new IllegalArgumentException("key pattern has a lone surrogate: characters=" + text.length() + "; give valid Unicode");
        }
        this.text = text;
        this.pattern = text.codePoints().toArray();
    }

    /**
     * Greedy: each {@code *} first matches nothing. If the rest doesn't match, only the last {@code *} passed takes one character more; lengthening an earlier
     * one couldn't help. So the steps are at most the product of the lengths, and mostly the length of the key.
     */
    public boolean matches(String key) {
        int[] subject = key.codePoints().toArray();
        int p = 0;
        int s = 0;
        int afterRun = -1;
        int runEnd = 0;
        while (s < subject.length) {
            if (p < pattern.length && pattern[p] == ANY_RUN) {
                afterRun = ++p;
                runEnd = s;
            } else if (p < pattern.length && (pattern[p] == ANY_ONE || pattern[p] == subject[s])) {
                p++;
                s++;
            } else if (afterRun >= 0) {
                p = afterRun;
                s = ++runEnd;
            } else {
                return false;
            }
        }
        while (p < pattern.length && pattern[p] == ANY_RUN) {
            p++;
        }
        return p == pattern.length;
    }

    /** The text before the first {@code *} or {@code ?}: all keys that match begin with it. */
    String beginning() {
        int end = 0;
        while (end < text.length() && text.charAt(end) != ANY_RUN && text.charAt(end) != ANY_ONE) {
            end++;
        }
        return text.substring(0, end);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof KeyPattern pattern && pattern.text.equals(text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}
