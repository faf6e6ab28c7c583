package dev.streamwal.cli;

import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.WalReader;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The streams to follow: all streams, existing and new, whose keys have a prefix, or a list of streams.
 *
 * @param prefix empty for a list of streams
 */
record FollowedKeys(Optional<String> prefix) {

    /** @param arguments keys and patterns, as they were given */
    static FollowedKeys of(List<String> arguments, KeySelection selection) {
        if (arguments.isEmpty()) {
            return new FollowedKeys(Optional.of(""));
        }
        String only = arguments.get(0);
        String prefix = only.endsWith("*") ? only.substring(0, only.length() - 1) : only;
        boolean isPrefix = arguments.size() == 1 && isPattern(only) && !isPattern(prefix) && !selection.keys().contains(only);
        return new FollowedKeys(isPrefix ? Optional.of(prefix) : Optional.empty());
    }

    /** The streams whose positions are given, and no others. */
    static FollowedKeys listed() {
        return new FollowedKeys(Optional.empty());
    }

    static boolean isPattern(String argument) {
        return argument.indexOf('*') >= 0 || argument.indexOf('?') >= 0;
    }

    /** @param positions where to begin, by key; a stream without one begins with its first record */
    EntryTail follow(WalReader reader, Map<String, ReadFrom> positions) {
        return prefix.map(keys -> reader.follow(Keys.prefix(keys), positions)).orElseGet(() -> reader.follow(positions));
    }
}
