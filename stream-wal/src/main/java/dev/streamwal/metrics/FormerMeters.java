package dev.streamwal.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import java.util.stream.Collectors;

/**
 * Meters that are there before others are registered. Of two with the same name and tags a registry keeps the first one, which shows the log that was
 * closed, and says nothing.
 */
final class FormerMeters {

    private FormerMeters() {}

    /**
     * Refuses to go on where there are some.
     *
     * @param meter the name of one of them
     */
    static void checkNone(MeterRegistry registry, String meter, Tags tags) {
        if (registry.find(meter).tags(tags).meter() != null) {
            throw new IllegalStateException("meters with these tags are registered already: "
                    + tags.stream().map(FormerMeters::text).collect(Collectors.joining(", ")) + "; close what registered them first, or use another name");
        }
    }

    private static String text(Tag tag) {
        return tag.getKey() + '=' + tag.getValue();
    }
}
