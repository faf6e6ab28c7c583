package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Which keys each scope has, whether it can name them, and how it is shown. */
class KeyScopeTest {

    @Test
    void key_isThatOne() {
        KeyScope one = KeyScope.key("a");
        assertThat(one.contains("a")).isTrue();
        assertThat(one.contains("ab")).isFalse();
        assertThat(one.exactKeys()).contains(new TreeSet<>(List.of("a")));
        assertThat(one).hasToString("key(\"a\")");
        assertThatThrownBy(() -> KeyScope.key("")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void prefix_isAllThatBeginSo() {
        KeyScope prefix = KeyScope.prefix("a/");
        assertThat(prefix.contains("a/")).isTrue();
        assertThat(prefix.contains("a/b")).isTrue();
        assertThat(prefix.contains("a")).isFalse();
        assertThat(prefix.exactKeys()).isEmpty();
        assertThat(prefix).hasToString("prefix(\"a/\")");
        assertThatThrownBy(() -> KeyScope.prefix("\uD800")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void prefix_empty_isAll() {
        assertThat(KeyScope.prefix("").contains("anything")).isTrue();
        assertThat(KeyScope.prefix("")).hasToString("all()");
    }

    @Test
    void glob_isAllThatMatch() {
        KeyScope glob = KeyScope.glob("a/*/b");
        assertThat(glob.contains("a/1/b")).isTrue();
        assertThat(glob.contains("a/1/c")).isFalse();
        assertThat(glob.exactKeys()).isEmpty();
        assertThat(glob).hasToString("glob(\"a/*/b\")");
    }

    @Test
    void beginning_isThatOfAllSelectedKeys() {
        assertThat(KeyScope.all().beginning()).isEmpty();
        assertThat(KeyScope.key("a/b").beginning()).isEqualTo("a/b");
        assertThat(KeyScope.prefix("a/").beginning()).isEqualTo("a/");
        assertThat(KeyScope.glob("a/*/b").beginning()).isEqualTo("a/");
        assertThat(KeyScope.glob("a?b*").beginning()).isEqualTo("a");
        assertThat(KeyScope.glob("*").beginning()).isEmpty();
        assertThat(KeyScope.glob("a/b").beginning()).isEqualTo("a/b");
        assertThat(KeyScope.of(List.of("a/1", "a/2")).beginning()).isEmpty();
    }

    @Test
    void set_isItsKeysInOrder() {
        KeyScope some = KeyScope.of(List.of("c", "a"));
        assertThat(some.contains("a")).isTrue();
        assertThat(some.contains("b")).isFalse();
        assertThat(some.exactKeys().orElseThrow()).containsExactly("a", "c");
        assertThatThrownBy(() -> some.exactKeys().orElseThrow().add("b")).isInstanceOf(UnsupportedOperationException.class);
        assertThat(KeyScope.of(List.of()).contains("a")).isFalse();
    }

    @Test
    void set_isShownByItsFirstThree() {
        assertThat(KeyScope.of(List.of())).hasToString("of()");
        assertThat(KeyScope.of(List.of("c", "a"))).hasToString("of(\"a\", \"c\")");
        assertThat(KeyScope.of(List.of("c", "a", "b"))).hasToString("of(\"a\", \"b\", \"c\")");
        assertThat(KeyScope.of(List.of("c", "a", "b", "e", "d"))).hasToString("of(\"a\", \"b\", \"c\", and 2 more)");
    }

    @Test
    void set_ofWhatIsNoKey_isRefused() {
        assertThatThrownBy(() -> KeyScope.of(List.of("a", ""))).isInstanceOf(IllegalArgumentException.class);
    }
}
