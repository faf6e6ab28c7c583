package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CodecPackageExampleTest {

    private static final Path MODULE = Path.of(System.getProperty("basedir", "."));

    @TempDir
    private Path directory;

    private static String between(Path file, String start, String end) throws IOException {
        String text = Files.readString(file);
        int from = text.indexOf(start) + start.length();
        int to = text.indexOf(end, from);
        assertThat(to).as("%s, and %s behind it", start.strip(), end.strip()).isGreaterThan(from).isGreaterThan(start.length());
        return text.substring(from, to);
    }

    @Test
    void packageInfo_beginsWithWhatCompiles() throws IOException {
        String shown = between(MODULE.resolve("../stream-wal-reader/src/main/java/dev/streamwal/codec/package-info.java"), " * <pre>{@code\n",
                " * }</pre>");
        String compiled = between(MODULE.resolve("src/test/java/dev/streamwal/CodecPackageExample.java"), "    // example\n", "    // example\n");
        assertThat(shown.lines().map(line -> line.substring(Math.min(line.length(), 3))).collect(Collectors.joining("\n")))
                .isEqualTo(compiled.stripTrailing().stripIndent());
    }

    @Test
    void total_ofReadings_isTheirSum() {
        try (StreamWal wal = StreamWal.open(directory); WalReader reader = wal.reader()) {
            TypedStream<CodecPackageExample.Reading> readings = wal.stream("meter/1", new CodecPackageExample.ReadingCodec());
            readings.append(new CodecPackageExample.Reading(1, 2.5));
            readings.append(new CodecPackageExample.Reading(2, 4));
            assertThat(CodecPackageExample.total(reader, "meter/1")).isEqualTo(6.5);
            assertThat(CodecPackageExample.total(reader, "none")).isZero();
        }
    }
}
