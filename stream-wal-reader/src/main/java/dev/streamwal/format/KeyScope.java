package dev.streamwal.format;

import java.util.Collection;
import java.util.Collections;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Selects streams by their keys: one, those with a prefix, those that match a pattern, or a set of them. Immutable. */
public sealed interface KeyScope {

    /** Limit of keys in a set. */
    int MAX_KEYS = 1 << 20;

    /** Whether the stream of this key is selected. */
    boolean contains(String key);

    /** The keys, in their natural order; empty if only a listing of the log can tell. */
    default Optional<NavigableSet<String>> exactKeys() {
        return Optional.empty();
    }

    /** The beginning that all selected keys share, so that a look at sorted keys can skip the others; empty if they share none. */
    default String beginning() {
        return "";
    }

    /** All streams. */
    static KeyScope all() {
        return prefix("");
    }

    /** @throws IllegalArgumentException if it can't be a key */
    static KeyScope key(String key) {
        return new One(key);
    }

    /** @throws IllegalArgumentException if no key can begin so */
    static KeyScope prefix(String prefix) {
        return new Prefix(prefix);
    }

    /** @throws IllegalArgumentException if it is empty, too long, or not valid Unicode */
    static KeyScope glob(String pattern) {
        return new Glob(new KeyPattern(pattern));
    }

    /**
     * @param keys in any order; a copy is made
     * @throws IllegalArgumentException if one can't be a key, or more than {@value #MAX_KEYS} differ
     */
    static KeyScope of(Collection<String> keys) {
        return new Some(new TreeSet<>(keys));
    }

    /** One stream. */
    record One(String key) implements KeyScope {

        public One {
            StreamKey.check(key);
        }

        @Override
        public boolean contains(String key) {
            return this.key.equals(key);
        }

        @Override
        public Optional<NavigableSet<String>> exactKeys() {
            return Optional.of(Collections.unmodifiableNavigableSet(new TreeSet<>(Collections.singleton(key))));
        }

        @Override
        public String beginning() {
            return key;
        }

        @Override
        public String toString() {
            return "key(\"" + key + "\")";
        }
    }

    /** All streams whose keys begin with the text; all streams if it is empty. */
    record Prefix(String text) implements KeyScope {

        public Prefix {
            if (!text.isEmpty()) {
                StreamKey unused = StreamKey.of(text);
            }
        }

        @Override
        public boolean contains(String key) {
            return key.startsWith(text);
        }

        @Override
        public String beginning() {
            return text;
        }

        @Override
        public String toString() {
            return text.isEmpty() ? "all()" : "prefix(\"" + text + "\")";
        }
    }

    /** All streams whose keys match a pattern. */
    record Glob(KeyPattern pattern) implements KeyScope {

        @Override
        public boolean contains(String key) {
            return pattern.matches(key);
        }

        @Override
        public String beginning() {
            return pattern.beginning();
        }

        @Override
        public String toString() {
            return "glob(\"" + pattern + "\")";
        }
    }

    /**
     * Some streams, perhaps none.
     *
     * @param keys in their natural order
     */
    record Some(NavigableSet<String> keys) implements KeyScope {

        private static final int SHOWN = 3;

        public Some {
            if (keys.size() > MAX_KEYS) {
                throw new IllegalArgumentException("set has too many keys: keys=" + keys.size() + ", max=" + MAX_KEYS
                        + "; select them by a prefix or a pattern");
            }
            for (String key : keys) {
                StreamKey.check(key);
            }
            keys = Collections.unmodifiableNavigableSet(new TreeSet<>(keys));
        }

        @Override
        public boolean contains(String key) {
            return keys.contains(key);
        }

        @Override
        public Optional<NavigableSet<String>> exactKeys() {
            return Optional.of(keys);
        }

        @Override
        public String toString() {
            String more = keys.size() > SHOWN ? ", and " + (keys.size() - SHOWN) + " more" : "";
            return keys.stream().limit(SHOWN).map(key -> '"' + key + '"').collect(Collectors.joining(", ", "of(", more + ")"));
        }
    }
}
