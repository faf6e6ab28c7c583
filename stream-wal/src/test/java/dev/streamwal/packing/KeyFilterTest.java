package dev.streamwal.packing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.StreamKey;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class KeyFilterTest {

    private static StreamKey key(String name, int number) {
        return StreamKey.of("container-" + name + "/" + number);
    }

    private static long found(KeyFilter filter, String name, int count) {
        return IntStream.range(0, count).filter(i -> filter.mayHave(key(name, i))).count();
    }

    @Test
    void withoutKeys_hasNone_andTakesNothing() {
        KeyFilter filter = new KeyFilter();
        assertThat(found(filter, "a", 1_000)).isZero();
        assertThat(filter.bytes()).isZero();
    }

    @Tag("exhaustive")
    @Test
    void added_areAllThere_andFewOthers() {
        KeyFilter filter = new KeyFilter();
        for (int count = 0; count < 1_000_000; count += 100_000) {
            for (int i = count; i < count + 100_000; i++) {
                filter.add(key("a", i));
            }
            assertThat(found(filter, "a", count + 100_000)).isEqualTo(count + 100_000);
            assertThat(found(filter, "b", 10_000)).as("others, beside " + count).isLessThan(50);
        }
        assertThat(filter.bytes()).isLessThan(5 << 20);
    }

    @Test
    void addedAgain_takesNoRoom() {
        KeyFilter filter = new KeyFilter();
        for (int i = 0; i < 1_000_000; i++) {
            filter.add(key("a", i % 100));
        }
        assertThat(found(filter, "a", 100)).isEqualTo(100);
        assertThat(filter.bytes()).isEqualTo(1 << 17);
    }
}
