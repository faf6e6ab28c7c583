package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A log that stood still for longer than its retention deletes millions of segments at once: it has them neither all in memory, nor looks for each. */
@Timeout(1_800)
class StandstillTest {

    /** What a merge of 64 packs has at a time, and some. */
    private static final long MAX_OBJECTS = 2_000;
    private static final long MAX_BYTES_EACH = 8 << 10;

    @TempDir
    Path directory;

    @Tag("exhaustive")
    @Test
    void sweep_whereAllHasExpired_hasFewSegmentsInMemory_andLooksForNone() throws Exception {
        Path output = directory.resolve("output");
        Path errors = directory.resolve("errors");
        int exit = ChildJvm.run(ChildJvm.of(List.of(), StandstillProgram.class, directory.resolve("log").toString()), output, errors);
        assertThat(errors).isEmptyFile();
        assertThat(exit).isZero();
        Matcher swept = Pattern.compile("segments=(\\d+), objects=(\\d+), bytesEach=(\\d+)").matcher(Files.readString(output));
        assertThat(swept.find()).isTrue();
        assertThat(Long.parseLong(swept.group(1))).as("segments").isGreaterThan(15_000);
        assertThat(Long.parseLong(swept.group(2))).as("objects in memory").isLessThan(MAX_OBJECTS);
        assertThat(Long.parseLong(swept.group(3))).as("bytes allocated for a segment").isLessThan(MAX_BYTES_EACH);
    }
}
