package dev.streamwal.reader;

import dev.streamwal.format.KeyScope;
import java.util.Collection;
import java.util.Objects;

/**
 * Which streams a call is for, by their keys: one key, all that begin with a prefix, all that match a pattern, some, or all there are.
 *
 * <pre>{@code
 * Keys.key("meter/4711");             // this one
 * Keys.prefix("meter/");              // all that begin so
 * Keys.glob("meter/47??-*");          // '*': any run of characters, '?': one
 * Keys.of(List.of("a", "b"));         // these
 * Keys.all();
 * }</pre>
 *
 * <p>It selects keys, whether or not their streams exist. A call looks at the streams that exist when it is made; a cursor that follows streams
 * includes those that are created later. Immutable and thread-safe. Two of them are equal if made by the same method from the same text, or from the
 * same set of keys; {@code prefix("")} equals {@link #all()}.
 *
 * @since 1.0
 */
public final class Keys {

    /** How many different keys {@link #of} takes. */
    public static final int MAX_KEYS = KeyScope.MAX_KEYS;

    private static final Keys ALL = new Keys(KeyScope.all());

    private final KeyScope scope;

    Keys(KeyScope scope) {
        this.scope = scope;
    }

    /**
     * One stream.
     *
     * @param key of the stream, 1 to 1,024 bytes of UTF-8
     * @return a selection of this key only
     * @throws IllegalArgumentException if the key is invalid
     */
    public static Keys key(String key) {
        return new Keys(KeyScope.key(key));
    }

    /**
     * All streams whose keys begin with a prefix.
     *
     * @param prefix at most 1,024 bytes of UTF-8; empty for all streams
     * @return a selection of every key that starts with it, including the prefix itself
     * @throws IllegalArgumentException if no key can begin with it
     */
    public static Keys prefix(String prefix) {
        return new Keys(KeyScope.prefix(Objects.requireNonNull(prefix, "prefix")));
    }

    /**
     * All streams whose keys match a pattern: {@code *} stands for any run of characters, including an empty one, and including {@code /},
     * {@code ?} for one character (code point), everything else for itself. There is no way to say a literal {@code *} or {@code ?}.
     *
     * @param pattern 1 to 4,096 characters
     * @return a selection of every key that matches as a whole
     * @throws IllegalArgumentException if it is empty, too long, or not valid Unicode
     */
    public static Keys glob(String pattern) {
        return new Keys(KeyScope.glob(Objects.requireNonNull(pattern, "pattern")));
    }

    /**
     * Some streams.
     *
     * @param keys in any order; none is allowed, and so are duplicates. A copy is made
     * @return a selection of these keys only
     * @throws IllegalArgumentException if one can't be a key, or more than {@link #MAX_KEYS} differ
     */
    public static Keys of(Collection<String> keys) {
        return new Keys(KeyScope.of(Objects.requireNonNull(keys, "keys")));
    }

    /**
     * All streams.
     *
     * @return a selection of every key
     */
    public static Keys all() {
        return ALL;
    }

    /**
     * Whether a key is one of these.
     *
     * @param key any text
     * @return whether it is
     */
    public boolean contains(String key) {
        return scope.contains(Objects.requireNonNull(key, "key"));
    }

    /**
     * For the library's own packages.
     *
     * @return the internal form
     */
    @SuppressWarnings("exports") // for dev.streamwal alone, which KeyScope is exported to
    public KeyScope scope() {
        return scope;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Keys keys && keys.scope.equals(scope);
    }

    @Override
    public int hashCode() {
        return scope.hashCode();
    }

    /** The call that makes it: {@code prefix("meter/")}. Of many keys only the first few. */
    @Override
    public String toString() {
        return scope.toString();
    }
}
