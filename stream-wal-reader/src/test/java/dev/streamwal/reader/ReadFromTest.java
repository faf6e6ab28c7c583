package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReadFromTest {

    private static final Instant NOON = Instant.parse("2026-11-22T12:00:00Z");

    @Test
    void equals_sameKindAndValue_only() {
        assertThat(List.of(ReadFrom.first(), ReadFrom.end(), ReadFrom.position(0), ReadFrom.position(8), ReadFrom.position(Long.MAX_VALUE),
                ReadFrom.time(NOON), ReadFrom.time(Instant.EPOCH))).doesNotHaveDuplicates();
        assertThat(ReadFrom.position(8)).isEqualTo(ReadFrom.position(8)).hasSameHashCodeAs(ReadFrom.position(8));
        assertThat(ReadFrom.time(NOON)).isEqualTo(ReadFrom.time(NOON)).hasSameHashCodeAs(ReadFrom.time(NOON));
        assertThat(ReadFrom.first()).isEqualTo(ReadFrom.first());
    }

    @Test
    void toString_isTheCallThatMakesIt() {
        assertThat(List.of(ReadFrom.first(), ReadFrom.end(), ReadFrom.position(40), ReadFrom.time(NOON)))
                .hasToString("[first(), end(), position(40), time(2026-11-22T12:00:00Z)]");
    }

    @Test
    void positions_ofATail_areThosePositions() {
        assertThat(ReadFrom.positions(Map.of("a", 0L, "b", 40L)))
                .isEqualTo(Map.of("a", ReadFrom.position(0), "b", ReadFrom.position(40)));
    }

    @Test
    @SuppressWarnings("NullAway") // which is what it is about
    void new_whatCanNeverBe_isRefusedAtOnce() {
        assertThatThrownBy(() -> ReadFrom.position(-1)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("position=-1");
        assertThatThrownBy(() -> ReadFrom.positions(Map.of("a", -8L))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ReadFrom.time(null)).isInstanceOf(NullPointerException.class);
    }
}
