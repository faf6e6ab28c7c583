package dev.streamwal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpellingTest {

    @ParameterizedTest
    @CsvSource({"'', '', 0", "'', abc, 3", "abc, '', 3", "abc, abc, 0", "abc, abd, 1", "abc, acb, 1", "abc, xabc, 1", "meter, metre, 1", "ab, ba, 1",
        "kitten, sitting, 3", "ca, abc, 3"})
    void distance_insertedRemovedExchangedSwapped_countsEach(String one, String other, int distance) {
        assertThat(Spelling.distance(one, other)).isEqualTo(distance);
        assertThat(Spelling.distance(other, one)).isEqualTo(distance);
    }

    @Test
    void similar_theNearest_threeAtMost() {
        assertThat(Spelling.similar("cpu/1", List.of("cpu/2", "cpu/3", "mem/1", "cpu/12", "xcpu/1", "cpu/1x"))).containsExactly("cpu/12", "cpu/1x", "cpu/2");
        assertThat(Spelling.similar("temperature", List.of("temprature", "tempratur"))).containsExactly("temprature");
        assertThat(Spelling.similar("x", List.of("abc"))).isEmpty();
        assertThat(Spelling.similar("a".repeat(201), List.of("a".repeat(200)))).isEmpty();
    }
}
