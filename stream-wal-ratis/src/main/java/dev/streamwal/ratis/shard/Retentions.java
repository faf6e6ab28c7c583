package dev.streamwal.ratis.shard;

import dev.streamwal.StreamOptions;
import dev.streamwal.WalOptions;
import dev.streamwal.format.KeyPattern;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** How long records are kept, by their stream's key: as the first pattern that matches says, or the log. Immutable. */
final class Retentions {

    private record Rule(KeyPattern pattern, long millis) {}

    private final long millis;
    private final long longestWindowMillis;
    private final List<Rule> rules = new ArrayList<>();

    Retentions(WalOptions options) {
        this.millis = options.retention().toMillis();
        long longest = options.window().toMillis();
        for (StreamOptions stream : options.streams().values()) {
            longest = Math.max(longest, stream.window().map(Duration::toMillis).orElse(0L));
            // without a window of its own it may have one by its retention
            longest = Math.max(longest, stream.retention().map(given -> WalOptions.builder().retention(given).build().window().toMillis()).orElse(0L));
        }
        this.longestWindowMillis = longest;
        options.streams().forEach((pattern, stream) ->
                rules.add(new Rule(new KeyPattern(pattern), stream.retention().orElse(options.retention()).toMillis())));
    }

    /** A record expires with its window, which ends so much later at most. */
    long longestWindowMillis() {
        return longestWindowMillis;
    }

    long millisOf(String key) {
        for (Rule rule : rules) {
            if (rule.pattern.matches(key)) {
                return rule.millis;
            }
        }
        return millis;
    }
}
