package dev.streamwal.examples.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which records are repeats, and what is known of that after a restart. */
class SeenPositionsTest {

    private SeenPositions seen = new SeenPositions(2, Map.of());

    /** Processes it where it isn't. */
    private boolean isRepeat(String key, long position) {
        boolean isRepeat = seen.isRepeat(key, position);
        if (!isRepeat) {
            seen.processed(key, position);
        }
        return isRepeat;
    }

    @Test
    void isRepeat_forEachKeyByItself() {
        assertThat(isRepeat("a", 0)).isFalse();
        assertThat(isRepeat("a", 40)).isFalse();
        assertThat(isRepeat("b", 0)).isFalse();
        assertThat(isRepeat("a", 0)).isTrue();
        assertThat(isRepeat("a", 40)).isTrue();
        assertThat(isRepeat("a", 80)).isFalse();
    }

    @Test
    void isRepeat_ofWhatWasNotProcessed_isFalseAgain() {
        assertThat(seen.isRepeat("a", 40)).isFalse();
        assertThat(seen.isRepeat("a", 40)).isFalse();
    }

    @Test
    void moreKeysThanAreKept_theOneThatWasNotSeenForLongestIsForgotten_andCounted() {
        assertThat(isRepeat("a", 0)).isFalse();
        assertThat(isRepeat("b", 0)).isFalse();
        assertThat(isRepeat("a", 40)).isFalse();
        assertThat(seen.forgotten()).isZero();
        assertThat(isRepeat("c", 0)).isFalse();
        assertThat(seen.forgotten()).isEqualTo(1);
        assertThat(isRepeat("a", 40)).isTrue();
        assertThat(isRepeat("b", 0)).isFalse();
        assertThat(seen.positions()).hasSize(2);
    }

    @Test
    void progress_isStoredAndLoaded_asAWhole(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("progress");
        assertThat(ReadingProgress.load(file)).isEqualTo(ReadingProgress.NONE);
        new ReadingProgress(Map.of(0, 1L), Map.of()).store(file);
        ReadingProgress progress = new ReadingProgress(Map.of(0, 17L, 2, 1L << 40), Map.of("a", 40L, "b\näß\u0000", Long.MAX_VALUE));
        progress.store(file);
        assertThat(ReadingProgress.load(file)).isEqualTo(progress);

        seen = new SeenPositions(2, progress.positions());
        assertThat(isRepeat("a", 40)).isTrue();
        assertThat(isRepeat("a", 48)).isFalse();
        assertThat(folder).isDirectoryNotContaining(each -> !each.equals(file));
    }
}
