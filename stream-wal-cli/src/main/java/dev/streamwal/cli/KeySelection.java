package dev.streamwal.cli;

import dev.streamwal.format.KeyPattern;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Streams named on the command line. The key of a stream that is there names that stream, whatever characters it has; anything else is a
 * {@linkplain KeyPattern pattern}.
 *
 * @param keys of streams that are there, in their natural order
 * @param missing the arguments that no stream answers to
 * @param isByList whether all streams' keys were looked through
 * @param isAll whether these are all streams, as none was named
 * @param all the log's keys, where they were looked through
 */
record KeySelection(NavigableSet<String> keys, List<String> missing, boolean isByList, boolean isAll, NavigableSet<String> all) {

    /** All streams, where no argument is given. Who gives keys doesn't wait until all of them are listed. */
    static KeySelection of(LogSegments segments, WalReader reader, List<String> arguments) throws IOException {
        if (arguments.isEmpty()) {
            NavigableSet<String> all = reader.keys();
            return new KeySelection(all, List.of(), true, true, all);
        }
        NavigableSet<String> selected = new TreeSet<>();
        List<String> patterns = new ArrayList<>();
        for (String argument : arguments) {
            if (!argument.isEmpty() && !segments.of(argument).isEmpty()) {
                selected.add(argument);
            } else {
                patterns.add(argument);
            }
        }
        NavigableSet<String> all = patterns.isEmpty() ? selected : reader.keys();
        List<String> missing = addMatching(patterns, all, selected);
        return new KeySelection(selected, missing, !patterns.isEmpty(), false, all);
    }

    /** The same, without what isn't missed. */
    KeySelection withMissing(Predicate<String> isMissed) {
        return new KeySelection(keys, missing.stream().filter(isMissed).toList(), isByList, isAll, all);
    }

    /** Returns the patterns that match nothing. */
    private static List<String> addMatching(List<String> patterns, NavigableSet<String> all, NavigableSet<String> selected) {
        List<String> missing = new ArrayList<>();
        for (String pattern : patterns) {
            List<String> matching = all.stream().filter(new KeyPattern(pattern)::matches).toList();
            if (matching.isEmpty()) {
                missing.add(pattern);
            }
            selected.addAll(matching);
        }
        return List.copyOf(missing);
    }
}
