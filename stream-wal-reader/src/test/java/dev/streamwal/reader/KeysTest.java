package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class KeysTest {

    private static final List<Function<String, Keys>> OF_TEXT =
            List.of(Keys::key, Keys::prefix, Keys::glob, key -> Keys.of(Collections.singleton(key)));

    @Test
    void contains_eachKind_whatItSays() {
        assertContains(Keys.key("meter/1"), List.of("meter/1"), List.of("meter/12", "meter/", "Meter/1", ""));
        assertContains(Keys.prefix("meter/"), List.of("meter/", "meter/1", "meter/1/audit"), List.of("meter", "xmeter/1"));
        assertContains(Keys.glob("meter/*"), List.of("meter/", "meter/1", "meter/1/audit"), List.of("meter", "xmeter/1"));
        assertContains(Keys.glob("meter/?"), List.of("meter/1", "meter//", "meter/😀"), List.of("meter/", "meter/12"));
        assertContains(Keys.of(List.of("b", "a", "b")), List.of("a", "b"), List.of("ab", "c", ""));
        assertContains(Keys.of(List.of()), List.of(), List.of("a", ""));
        assertContains(Keys.all(), List.of("a", "meter/1", "😀"), List.of());
    }

    private static void assertContains(Keys keys, List<String> in, List<String> out) {
        assertThat(in).as("%s", keys).allMatch(keys::contains);
        assertThat(out).as("%s", keys).noneMatch(keys::contains);
    }

    @Test
    void of_aCollectionThatChanges_keepsWhatItWas() {
        List<String> given = new ArrayList<>(List.of("a", "b"));
        Keys keys = Keys.of(given);

        given.set(0, "c");

        assertThat(keys).isEqualTo(Keys.of(List.of("b", "a")));
        assertThat(keys.contains("c")).isFalse();
    }

    @Test
    void equals_sameKindAndText_only() {
        List<Keys> different = new ArrayList<>(OF_TEXT.stream().map(each -> each.apply("a")).toList());
        different.addAll(OF_TEXT.stream().map(each -> each.apply("b")).toList());
        different.add(Keys.all());

        assertThat(different).doesNotHaveDuplicates();
        for (Function<String, Keys> each : OF_TEXT) {
            assertThat(each.apply("a")).isEqualTo(each.apply("a")).hasSameHashCodeAs(each.apply("a"));
        }
        assertThat(Keys.prefix("")).isEqualTo(Keys.all()).hasSameHashCodeAs(Keys.all());
    }

    @Test
    void toString_isTheCallThatMakesIt() {
        assertThat(Keys.key("a")).hasToString("key(\"a\")");
        assertThat(Keys.prefix("meter/")).hasToString("prefix(\"meter/\")");
        assertThat(Keys.glob("meter/*")).hasToString("glob(\"meter/*\")");
        assertThat(Keys.all()).hasToString("all()");
        assertThat(Keys.of(List.of())).hasToString("of()");
        assertThat(Keys.of(List.of("b", "a"))).hasToString("of(\"a\", \"b\")");
        assertThat(Keys.of(List.of("a", "b", "c", "d", "e"))).hasToString("of(\"a\", \"b\", \"c\", and 2 more)");
    }

    @Test
    void new_whatNoKeyCanBe_isRefusedAtOnce() {
        String tooLong = "ä".repeat(513);
        String loneSurrogate = "a\uD83D";
        for (Function<String, Keys> each : List.<Function<String, Keys>>of(OF_TEXT.get(0), OF_TEXT.get(1), OF_TEXT.get(3))) {
            assertRefused(() -> each.apply(tooLong), "key is too long: bytes=1026, max=1024; shorten it");
        }
        for (Function<String, Keys> each : OF_TEXT) {
            assertThatThrownBy(() -> each.apply(loneSurrogate)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("lone surrogate");
        }
        assertRefused(() -> Keys.key(""), "key is empty; give 1 to 1,024 bytes of UTF-8");
        assertRefused(() -> Keys.of(List.of("a", "")), "key is empty; give 1 to 1,024 bytes of UTF-8");
        assertRefused(() -> Keys.glob(""), "key pattern is empty; give \"*\" for all keys");
        assertRefused(() -> Keys.glob("*".repeat(4_097)), "key pattern is too long: characters=4097, max=4096; give a shorter one");
    }

    @Test
    @SuppressWarnings("NullAway") // which is what it is about
    void new_null_isRefusedAtOnce() {
        for (Function<String, Keys> each : OF_TEXT) {
            assertThatThrownBy(() -> each.apply(null)).isInstanceOf(NullPointerException.class);
        }
        assertThatThrownBy(() -> Keys.of(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> Keys.of(Arrays.asList("a", null))).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> Keys.all().contains(null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void of_moreThanTheLimit_isRefused() {
        List<String> tooMany = IntStream.rangeClosed(0, Keys.MAX_KEYS).mapToObj(Integer::toString).toList();

        assertRefused(() -> Keys.of(tooMany), "set has too many keys: keys=1048577, max=1048576; select them by a prefix or a pattern");
        assertThat(Keys.of(tooMany.subList(0, 70_000)).contains("69999")).isTrue();
    }

    @Test
    void scope_saysTheKeysWhereTheyAreGiven() {
        assertThat(Keys.of(List.of("b", "a")).scope().exactKeys().orElseThrow()).containsExactly("a", "b");
        assertThat(Keys.key("a").scope().exactKeys().orElseThrow()).containsExactly("a");
        assertThat(Keys.glob("a").scope().exactKeys()).isEmpty();
    }

    private static void assertRefused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }
}
