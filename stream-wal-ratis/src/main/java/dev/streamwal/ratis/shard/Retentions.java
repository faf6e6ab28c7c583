package dev.streamwal.ratis.shard;

import dev.streamwal.WalOptions;
import dev.streamwal.format.KeyPattern;
import java.util.ArrayList;
import java.util.List;

/** How long records are kept, by their stream's key: as the first pattern that matches says, or the log. Immutable. */
final class Retentions {

    private record Rule(KeyPattern pattern, long millis) {}

    private final long millis;
    private final List<Rule> rules = new ArrayList<>();

    Retentions(WalOptions options) {
        this.millis = options.retention().toMillis();
        options.streams().forEach((pattern, stream) ->
                rules.add(new Rule(new KeyPattern(pattern), stream.retention().orElse(options.retention()).toMillis())));
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
