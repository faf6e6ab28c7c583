package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that reads a log for months keeps what is there in memory, and not what was. */
class LongReadingTest {

    /** Of two readers and the writer, which know a segment or two each: 200 of some 10,000 for each. */
    private static final long MAX_PARTS = 2_000;
    /** Of three that know the ten packs of the retention, and some that have gone since they looked. */
    private static final long MAX_PACKS = 50;

    @TempDir
    Path directory;

    @Tag("exhaustive")
    @Test
    void read_streamsOfManyWindowsOnceEach_keepsNoSegmentThatHasGone() throws Exception {
        Path output = directory.resolve("output");
        Path errors = directory.resolve("errors");
        int exit = ChildJvm.run(ChildJvm.of(List.of(), LongReadingProgram.class, directory.resolve("log").toString()), output, errors);
        assertThat(errors).isEmptyFile();
        assertThat(exit).isZero();
        Matcher left = Pattern.compile("parts=(\\d+), packs=(\\d+)").matcher(Files.readString(output));
        assertThat(left.find()).isTrue();
        assertThat(Long.parseLong(left.group(1))).as("parts of shared segments").isLessThan(MAX_PARTS);
        assertThat(Long.parseLong(left.group(2))).as("packs").isLessThan(MAX_PACKS);
    }
}
