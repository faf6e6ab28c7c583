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
 * <p>It says which keys are meant, and not whether their streams exist: a call looks when it is made, and where it goes on (as when
 * following) it takes in the streams that come later. Immutable and thread-safe. Two are equal where they were made in the same way of the
 * same text, or of the same set of keys; {@code prefix("")} equals {@link #all()}.
 *
 * @since 1.0
 */
public final class Keys {

    /** How many different keys {@link #of} takes. */
    public static final int MAX_KEYS = KeyScope.MAX_KEYS;

    private static final Keys ALL = new Keys(KeyScope.prefix(""));

    private final KeyScope scope;

    private Keys(KeyScope scope) {
        this.scope = scope;
    }

    /**
     * One stream.
     *
     * @param key of the stream, 1 to 1,024 bytes of UTF-8
     * @return what contains this key only
     * @throws IllegalArgumentException where it can't be a key
     */
    public static Keys key(String key) {
        return new Keys(KeyScope.key(key));
    }

    /**
     * All streams whose keys begin with a prefix.
     *
     * @param prefix at most 1,024 bytes of UTF-8; empty for all streams
     * @return what contains every key that starts with it, itself among them
     * @throws IllegalArgumentException where no key can begin so
     */
    public static Keys prefix(String prefix) {
        return new Keys(KeyScope.prefix(prefix));
    }

    /**
     * All streams whose keys match a pattern: {@code *} stands for any run of characters, also of none and with {@code /} in it,
     * {@code ?} for one character (code point), everything else for itself. There is no way to say a literal {@code *} or {@code ?}.
     *
     * @param pattern 1 to 4,096 characters
     * @return what contains every key that matches as a whole
     * @throws IllegalArgumentException where it is empty, too long, or not valid Unicode
     */
    public static Keys glob(String pattern) {
        return new Keys(KeyScope.glob(pattern));
    }

    /**
     * Some streams.
     *
     * @param keys in any order; none is allowed, and so are duplicates. A copy is made
     * @return what contains these keys only
     * @throws IllegalArgumentException where one can't be a key, or more than {@link #MAX_KEYS} differ
     */
    public static Keys of(Collection<String> keys) {
        return new Keys(KeyScope.of(keys));
    }

    /**
     * All streams.
     *
     * @return what contains every key
     */
    public static Keys all() {
        return ALL;
    }

    /**
     * Whether a key is among those that are meant.
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
     * @return the same, as they know it
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

    /** As it was made: {@code prefix("meter/")}. Of many keys the first few. */
    @Override
    public String toString() {
        return scope.toString();
    }
}
