package dev.streamwal.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.segment.SegmentWriterForTests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackageExampleTest {

    private static final Path MODULE = Path.of(System.getProperty("basedir", "."));

    @TempDir
    private Path directory;

    private static String between(String text, String start, String end) {
        int from = text.indexOf(start) + start.length();
        int to = text.indexOf(end, from);
        assertThat(to).as("%s, and %s behind it", start.strip(), end.strip()).isGreaterThan(from).isGreaterThan(start.length());
        return text.substring(from, to);
    }

    private static String source(String folder, String name) throws IOException {
        return Files.readString(MODULE.resolve("src").resolve(folder).resolve("java/dev/streamwal/reader").resolve(name));
    }

    @Test
    void packageInfo_beginsWithWhatCompiles() throws IOException {
        String shown = between(source("main", "package-info.java"), " * <pre>{@code\n", " * }</pre>");
        String compiled = between(source("test", "PackageExample.java"), "        // example\n", "        // example\n");

        assertThat(shown.lines().map(line -> line.substring(Math.min(line.length(), 3))).collect(Collectors.joining("\n")))
                .isEqualTo(compiled.stripTrailing().stripIndent());
    }

    @Test
    void run_aLog_isRead() {
        SegmentWriterForTests segment = SegmentWriterForTests.first(directory, "meter/4711");
        segment.append(1, "231.5");
        segment.seal().write();

        // it ends by an interrupt, as nothing is appended
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> PackageExample.run(directory)).isInstanceOf(InterruptedException.class);
    }
}
