package dev.streamwal.examples.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.reader.EntryRef;
import org.junit.jupiter.api.Test;

class SeenPositionsTest {

    private final SeenPositions seen = new SeenPositions(2);

    private boolean isNew(String key, long position) {
        return seen.isNew(new EntryRef(key, position, 40));
    }

    @Test
    void isNew_ofARepeat_isFalse_forEachKeyByItself() {
        assertThat(isNew("a", 0)).isTrue();
        assertThat(isNew("a", 40)).isTrue();
        assertThat(isNew("b", 0)).isTrue();
        assertThat(isNew("a", 0)).isFalse();
        assertThat(isNew("a", 40)).isFalse();
        assertThat(isNew("a", 80)).isTrue();
    }

    @Test
    void isNew_ofMoreKeysThanAreKept_forgetsTheOneThatWasNotSeenForLongest() {
        assertThat(isNew("a", 0)).isTrue();
        assertThat(isNew("b", 0)).isTrue();
        assertThat(isNew("a", 40)).isTrue();
        assertThat(isNew("c", 0)).isTrue();
        assertThat(isNew("a", 40)).isFalse();
        assertThat(isNew("b", 0)).isTrue();
    }
}
