package dev.streamwal.cli;

import dev.streamwal.format.KeyPattern;
import dev.streamwal.io.IoFailure;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Streams named on the command line. An argument that is the key of an existing stream names that stream, whatever characters it has; any other
 * argument is a {@linkplain KeyPattern pattern}.
 *
 * @param keys of existing streams, in their natural order
 * @param missing the arguments that match no stream
 * @param isByList whether the keys of all streams were listed
 * @param isAll whether these are all streams, as none was named
 * @param all the log's keys, if they were listed
 */
record KeySelection(NavigableSet<String> keys, List<String> missing, boolean isByList, boolean isAll, NavigableSet<String> all) {

    private static final int MAX_PORTION_KEYS = 10_000;

    /** All streams, if there is no argument. With keys as arguments, the log's keys needn't be listed. */
    static KeySelection of(LogSegments segments, WalReader reader, List<String> arguments) throws IOException {
        if (arguments.isEmpty()) {
            NavigableSet<String> all = reader.keys();
            return new KeySelection(all, List.of(), true, true, all);
        }
        NavigableSet<String> selected = new TreeSet<>();
        List<String> patterns = new ArrayList<>();
        for (String argument : arguments) {
            if (!argument.isEmpty() && isKey(argument, segments)) {
                selected.add(argument);
            } else {
                patterns.add(argument);
            }
        }
        NavigableSet<String> all = patterns.isEmpty() ? selected : reader.keys();
        List<String> missing = addMatching(patterns, all, selected);
        return new KeySelection(selected, missing, !patterns.isEmpty(), false, all);
    }

    /** Also of a stream that can't be read: why it can't be is told where it is read. */
    private static boolean isKey(String argument, LogSegments segments) throws IOException {
        try {
            return !segments.of(argument).isEmpty();
        } catch (IOException e) {
            IoFailure.checkOfFile(e);
            return true;
        }
    }

    /** The keys in portions, in order, so that what is told of a portion of them may be held in memory. */
    List<List<String>> portions() {
        return portions(MAX_PORTION_KEYS);
    }

    /** The same, in portions of at most so many keys. */
    List<List<String>> portions(int maxKeys) {
        List<List<String>> portions = new ArrayList<>();
        List<String> portion = new ArrayList<>();
        for (String key : keys) {
            portion.add(key);
            if (portion.size() == maxKeys) {
                portions.add(portion);
                portion = new ArrayList<>();
            }
        }
        portions.add(portion);
        return portions;
    }

    /** The same selection without the arguments that needn't match. */
    KeySelection withMissing(Predicate<String> isMissed) {
        List<String> missed = new ArrayList<>(missing);
        missed.removeIf(isMissed.negate());
        return new KeySelection(keys, missed, isByList, isAll, all);
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
