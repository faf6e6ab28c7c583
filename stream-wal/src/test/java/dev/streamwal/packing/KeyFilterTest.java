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

    /** Else each key that ever was would take room for ever, and a new key would seem to be among them. */
    @Test
    void renewed_hasThoseThatAreMeant_andThoseThatCameMeanwhile() {
        KeyFilter filter = new KeyFilter();
        assertThat(filter.isWorthRenewing()).isFalse();
        for (int i = 0; i < 300_000; i++) {
            filter.add(key("gone", i));
        }
        assertThat(filter.isWorthRenewing()).isTrue();
        long before = filter.bytes();
        KeyFilter renewal = filter.renew();
        filter.add(key("meanwhile", 1));
        for (int i = 0; i < 1_000; i++) {
            renewal.add(key("there", i));
        }
        filter.add(key("gone", 7));
        assertThat(found(filter, "gone", 1_000)).as("not yet").isEqualTo(1_000);
        filter.renewed(true);
        assertThat(found(filter, "there", 1_000)).isEqualTo(1_000);
        assertThat(found(filter, "meanwhile", 2)).isPositive();
        assertThat(filter.mayHave(key("gone", 7))).as("let go of again meanwhile").isTrue();
        assertThat(found(filter, "gone", 10_000)).isLessThan(50);
        assertThat(filter.bytes()).isLessThan(before / 4);
        assertThat(filter.isWorthRenewing()).isFalse();
        filter.add(key("later", 1));
        assertThat(filter.mayHave(key("later", 1))).isTrue();
        assertThat(found(filter, "there", 1_000)).isEqualTo(1_000);
    }

    @Test
    void renewed_notWhole_staysAsItIs() {
        KeyFilter filter = new KeyFilter();
        filter.add(key("a", 1));
        KeyFilter unused = filter.renew();
        filter.add(key("a", 2));
        filter.renewed(false);
        filter.add(key("a", 3));
        assertThat(found(filter, "a", 4)).isEqualTo(3);
    }
}
