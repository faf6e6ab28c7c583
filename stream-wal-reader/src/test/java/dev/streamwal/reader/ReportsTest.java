package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** What the reader reports is compared and printed by what it says. */
class ReportsTest {

    private static final LostRange LOST = new LostRange("a", 8, 16);

    private static List<Supplier<Object>> reports() {
        Damage damage = new Damage(Path.of("f"), "a", 64, 8, "why");
        return List.of(
                () -> new LostRange("a", 8, 16), () -> new LostRange("b", 8, 16), () -> new LostRange("a", 0, 16), () -> new LostRange("a", 8, 24),
                () -> new Damage(Path.of("f"), "a", 64, 8, "why"), () -> new Damage(Path.of("g"), "a", 64, 8, "why"),
                () -> new Damage(Path.of("f"), "b", 64, 8, "why"), () -> new Damage(Path.of("f"), "a", 72, 8, "why"),
                () -> new Damage(Path.of("f"), "a", 64, 16, "why"), () -> new Damage(Path.of("f"), "a", 64, 8, "else"),
                () -> new VerifyReport("a", 1, 32, List.of(damage), false), () -> new VerifyReport("b", 1, 32, List.of(damage), false),
                () -> new VerifyReport("a", 2, 32, List.of(damage), false), () -> new VerifyReport("a", 1, 40, List.of(damage), false),
                () -> new VerifyReport("a", 1, 32, List.of(), false), () -> new VerifyReport("a", 1, 32, List.of(damage), true),
                () -> info("a", 1, 2, 2, 3, 4, 5, 6), () -> info("b", 1, 2, 2, 3, 4, 5, 6), () -> info("a", 0, 2, 2, 3, 4, 5, 6),
                () -> info("a", 1, 0, 2, 3, 4, 5, 6), () -> info("a", 1, 2, 0, 3, 4, 5, 6),
                () -> info("a", 1, 2, 2, 0, 4, 5, 6), () -> info("a", 1, 2, 2, 3, 0, 5, 6), () -> info("a", 1, 2, 2, 3, 4, 0, 6), () -> info("a", 1, 2, 2, 3, 4, 5, 0),
                () -> consumer("c", Keys.all(), 8, 1), () -> consumer("d", Keys.all(), 8, 1), () -> consumer("c", Keys.key("a"), 8, 1),
                () -> consumer("c", Keys.all(), 0, 1), () -> consumer("c", Keys.all(), 8, 0),
                () -> new ConsumerLag("a", 1, 2, 3, Optional.of(LOST)), () -> new ConsumerLag("b", 1, 2, 3, Optional.of(LOST)),
                () -> new ConsumerLag("a", 0, 2, 3, Optional.of(LOST)), () -> new ConsumerLag("a", 1, 0, 3, Optional.of(LOST)),
                () -> new ConsumerLag("a", 1, 2, 0, Optional.of(LOST)), () -> new ConsumerLag("a", 1, 2, 3, Optional.empty()));
    }

    private static StreamInfo info(String key, int segments, long bytes, long data, long first, long end, long smallest, long largest) {
        return new StreamInfo(key, segments, bytes, data, first, end, OptionalLong.of(smallest), OptionalLong.of(largest));
    }

    private static ConsumerInfo consumer(String name, Keys keys, long position, long atMillis) {
        return new ConsumerInfo(name, keys, new TreeMap<>(Map.of("a", position)), OptionalLong.of(atMillis));
    }

    @Test
    void equals_whatSaysTheSame_only() {
        assertThat(reports().stream().map(Supplier::get)).doesNotHaveDuplicates();
        for (Supplier<Object> report : reports()) {
            assertThat(report.get()).isEqualTo(report.get()).hasSameHashCodeAs(report.get()).hasToString(report.get().toString());
        }
        assertThat(reports().stream().map(report -> report.get().toString())).as("it says everything").doesNotHaveDuplicates();
    }

    @Test
    void toString_isForPeople() {
        assertThat(LOST).hasToString("LostRange[key=a, from=8, to=16]");
        assertThat(info("a", 1, 2, 7, 3, 4, 5, 6)).hasToString("StreamInfo[key=a, segments=1, bytes=2, dataBytes=7, firstPosition=3, endPosition=4,"
                + " smallestTimestampMillis=OptionalLong[5], largestTimestampMillis=OptionalLong[6]]");
        assertThat(consumer("c", Keys.prefix("a/"), 8, 1)).hasToString(
                "ConsumerInfo[name=c, keys=prefix(\"a/\"), committed={a=8}, lastCommitMillis=OptionalLong[1]]");
    }
}
