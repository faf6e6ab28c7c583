package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class KeyPatternTest {

    @Test
    void matches_allSmallPatternsAndKeys_asTheRegex() {
        List<String> keys = words("ab/", 5);
        for (String pattern : words("ab*?", 5)) {
            if (!pattern.isEmpty()) {
                assertAgrees(pattern, keys);
            }
        }
    }

    @Test
    void matches_randomPatternsWithCharactersOfAllSizes_asTheRegex() {
        long seed = 20_260_101;
        Random random = new Random(seed);
        String[] alphabet = {"a", ".", "/", "\n", "\\", "[", "ä", "\u2028", "😀", "e\u0301", "*", "?", "*"};
        for (int i = 0; i < 20_000; i++) {
            String pattern = word(random, alphabet, 1 + random.nextInt(8));
            List<String> keys = new ArrayList<>();
            for (int k = 0; k < 10; k++) {
                keys.add(word(random, alphabet, random.nextInt(10)));
            }
            keys.add(pattern.replace("*", "").replace('?', 'x'));
            keys.add(pattern.replace("*", "a/😀").replace("?", "😀"));
            assertAgrees(pattern, keys);
        }
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void matches_patternThatMakesRegexesBacktrackForEver_isQuick() {
        String key = "a".repeat(1_023) + "c";

        assertThat(new KeyPattern("*a".repeat(500) + "*b").matches(key)).isFalse();
        assertThat(new KeyPattern("*a".repeat(500) + "*c").matches(key)).isTrue();
        assertThat(new KeyPattern("*".repeat(4_096)).matches(key)).isTrue();
        assertThat(new KeyPattern("*" + "a".repeat(512) + "b").matches(key)).isFalse();
    }

    @Test
    void matches_questionMark_isOneCodePoint() {
        assertThat(new KeyPattern("?").matches("😀")).isTrue();
        assertThat(new KeyPattern("??").matches("😀")).isFalse();
        assertThat(new KeyPattern("?").matches("")).isFalse();
    }

    @Test
    void new_emptyOrTooLong_isRefused() {
        assertThatThrownBy(() -> new KeyPattern(""))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("key pattern is empty; give \"*\" for all keys");
        assertThatThrownBy(() -> new KeyPattern("*".repeat(4_097)))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("key pattern is too long: characters=4097, max=4096; give a shorter one");
    }

    @Test
    void new_loneSurrogate_isRefused() {
        assertThatThrownBy(() -> new KeyPattern("a\uD83D*"))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("lone surrogate");
    }

    @Test
    void equals_sameText_isEqual() {
        assertThat(new KeyPattern("a*")).isEqualTo(new KeyPattern("a*")).hasSameHashCodeAs(new KeyPattern("a*")).isNotEqualTo(new KeyPattern("a?"));
    }

    private static void assertAgrees(String pattern, List<String> keys) {
        Pattern regex = Pattern.compile(
                pattern.codePoints()
                        .mapToObj(c -> c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(Character.toString(c)))
                        .collect(Collectors.joining()),
                Pattern.DOTALL);
        KeyPattern subject = new KeyPattern(pattern);
        for (String key : keys) {
            if (subject.matches(key) != regex.matcher(key).matches()) {
                assertThat(subject.matches(key)).as("pattern=%s key=%s", pattern, key).isEqualTo(!subject.matches(key));
            }
        }
    }

    private static List<String> words(String alphabet, int maxLength) {
        List<String> out = new ArrayList<>(List.of(""));
        for (int from = 0, length = 1; length <= maxLength; length++) {
            int to = out.size();
            for (int i = from; i < to; i++) {
                for (char c : alphabet.toCharArray()) {
                    out.add(out.get(i) + c);
                }
            }
            from = to;
        }
        return out;
    }

    private static String word(Random random, String[] alphabet, int length) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < length; i++) {
            out.append(alphabet[random.nextInt(alphabet.length)]);
        }
        return out.toString();
    }
}
