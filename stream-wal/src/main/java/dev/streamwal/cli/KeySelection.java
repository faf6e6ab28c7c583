package dev.streamwal.cli;

import dev.streamwal.reader.WalReader;
import dev.streamwal.retention.KeyPattern;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * Streams named on the command line, by keys or patterns. A key that is there is itself, whatever characters it has; else an argument with
 * {@code *} or {@code ?} is a {@linkplain KeyPattern pattern}.
 *
 * @param keys of streams that are there, in their natural order
 * @param missing the arguments that no stream answers to
 */
record KeySelection(NavigableSet<String> keys, List<String> missing) {

    static final String SYNTAX = "a key, or a pattern: * is any run of characters, / included, ? one character";

    /** All streams, where no argument is given. */
    static KeySelection of(WalReader reader, List<String> arguments) {
        NavigableSet<String> all = reader.keys();
        if (arguments.isEmpty()) {
            return new KeySelection(all, List.of());
        }
        NavigableSet<String> selected = new TreeSet<>();
        List<String> missing = new ArrayList<>();
        for (String argument : arguments) {
            List<String> named = all.contains(argument) ? List.of(argument) : matching(argument, all);
            if (named.isEmpty()) {
                missing.add(argument);
            }
            selected.addAll(named);
        }
        return new KeySelection(selected, List.copyOf(missing));
    }

    private static List<String> matching(String argument, NavigableSet<String> all) {
        KeyPattern pattern = new KeyPattern(argument);
        return all.stream().filter(pattern::matches).toList();
    }
}
