package dev.streamwal.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryWatchTest {

    private static final long MILLI = 1_000_000;

    @TempDir
    private Path folder;

    private Path directory;
    private final AtomicLong nanos = new AtomicLong(1_000_000 * MILLI);
    private DirectoryWatch watch;

    @BeforeEach
    void create() throws IOException {
        directory = Files.createDirectory(folder.resolve("d"));
        modifiedAt(1_000);
        watch = new DirectoryWatch(() -> directory, nanos::get);
    }

    private void modifiedAt(long millis) throws IOException {
        Files.setLastModifiedTime(directory, FileTime.fromMillis(millis));
    }

    private boolean mayHaveChangedAfter(long millis) throws IOException {
        nanos.addAndGet(millis * MILLI);
        return watch.mayHaveChanged();
    }

    @Test
    void mayHaveChanged_theFirstTime_does() throws IOException {
        assertThat(watch.mayHaveChanged()).isTrue();
        assertThat(watch.mayHaveChanged()).isFalse();
    }

    @Test
    void mayHaveChanged_anotherTime_does() throws IOException {
        assertThat(watch.mayHaveChanged()).isTrue();
        modifiedAt(1_001);
        assertThat(watch.mayHaveChanged()).isTrue();
        modifiedAt(500);
        assertThat(watch.mayHaveChanged()).isTrue();
    }

    @Test
    void mayHaveChanged_theSameTimeThatMayHideAChange_isLookedAtSoonAndRarelyAndOnceItHasSettledNeverAgain() throws IOException {
        assertThat(watch.mayHaveChanged()).isTrue();
        int looks = 0;
        long lastLook = 0;
        for (long age = 1; age <= 10_000; age++) {
            if (mayHaveChangedAfter(1)) {
                looks++;
                assertThat(age - lastLook).as("none is later than half of the change's age").isLessThanOrEqualTo(1 + lastLook / 2);
                lastLook = age;
            }
        }
        assertThat(lastLook).as("the last look is when it has settled").isEqualTo(2_000);
        assertThat(looks).isLessThan(30);
    }

    @Test
    void mayHaveChanged_lookedAtRarely_isLookedAtOnceMoreWhenItHasSettled() throws IOException {
        assertThat(watch.mayHaveChanged()).isTrue();
        assertThat(mayHaveChangedAfter(60_000)).isTrue();
        assertThat(mayHaveChangedAfter(60_000)).isFalse();
        modifiedAt(2_000);
        assertThat(mayHaveChangedAfter(1)).isTrue();
        assertThat(mayHaveChangedAfter(1)).isTrue();
    }

    @Test
    void mayHaveChanged_directoryComesAndGoes_does() throws IOException {
        Files.delete(directory);
        assertThat(watch.mayHaveChanged()).isTrue();
        assertThat(mayHaveChangedAfter(1)).as("that there is none is exact").isFalse();
        Files.createDirectory(directory);
        assertThat(mayHaveChangedAfter(1)).isTrue();
        Files.delete(directory);
        assertThat(mayHaveChangedAfter(1)).isTrue();
        assertThat(mayHaveChangedAfter(1)).isFalse();
    }
}
