package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** 100,000 streams in one process with a heap of 1 GiB, which never has more than 20,000 files open. */
@EnabledOnOs(OS.LINUX)
class ManyStreamsTest {

    private static final int STREAMS = 100_000;
    private static final int BYTES_PER_STREAM = 8 << 10;
    private static final int MAX_DESCRIPTORS = 20_000;

    @TempDir
    Path directory;

    @Test
    void append_manyStreams_staysInsideHeapAndDescriptors() throws Exception {
        int streams = (int) Math.max(1_000, Math.round(STREAMS * Scale.factor()));
        Path output = directory.resolve("output");
        Path errors = directory.resolve("errors");
        Path root = FastDirectory.create(directory, (long) streams * BYTES_PER_STREAM);
        int exit;
        try {
            exit = ChildJvm.run(ChildJvm.of(List.of("-Xmx1g"), ManyStreamsProgram.class, root.toString(), Integer.toString(streams)),
                    output, errors);
        } finally {
            LogHome.deleteTree(root);
        }
        String figures = Files.readString(output);
        System.out.println("ManyStreamsTest:\n" + figures.indent(2).stripTrailing());
        assertThat(errors).isEmptyFile();
        assertThat(exit).isZero();
        Matcher most = Pattern.compile("max descriptors=(\\d+)").matcher(figures);
        assertThat(most.find()).isTrue();
        assertThat(Integer.parseInt(most.group(1))).isBetween(1, MAX_DESCRIPTORS);
    }
}
