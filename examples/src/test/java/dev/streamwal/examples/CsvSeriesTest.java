package dev.streamwal.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CsvSeriesTest {
    @TempDir
    Path folder;

    @Test
    void find_folder_keysArePathsWithoutExtension() throws IOException {
        write("b.csv", "");
        write("a/deep/er.csv", "");
        write("a/README.md", "not a series");

        assertThat(CsvSeries.find(folder)).extracting(CsvSeries::key).containsExactly("a/deep/er", "b");
    }

    @Test
    void find_file_keyIsItsName() throws IOException {
        Path file = write("a/one.csv", "");

        assertThat(CsvSeries.find(file)).containsExactly(new CsvSeries("one", file));
    }

    @Test
    void find_nothingThere_saysSo() {
        Path nowhere = folder.resolve("nowhere");

        assertThatThrownBy(() -> CsvSeries.find(nowhere))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining(nowhere.toString());
    }

    @Test
    void rows_timestampsWithoutZone_areUtc() throws IOException {
        assertThat(rows("timestamp,value\n2014-07-06 20:10:00,1.50\n"))
                .containsExactly(new CsvRow(2, Instant.parse("2014-07-06T20:10:00Z").toEpochMilli(), "1.50"));
    }

    @Test
    void rows_isoInstants_areRead() throws IOException {
        assertThat(rows("timestamp,value\n2014-07-06T20:10:00.250Z,7\n"))
                .containsExactly(new CsvRow(2, Instant.parse("2014-07-06T20:10:00.250Z").toEpochMilli(), "7"));
    }

    @Test
    void rows_lastLineWithoutNewlineOrCarriageReturns_areAllRead() throws IOException {
        assertThat(rows("timestamp,value\r\n2014-07-06 20:10:00,1\r\n2014-07-06 20:15:00,2"))
                .extracting(CsvRow::value)
                .containsExactly("1", "2");
        assertThat(rows("timestamp,value")).isEmpty();
        assertThat(rows("")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "2014-07-06 20:10:00,1                                    | 1 | timestamp,value",
        "timestamp,value\\n2014-07-06 20:10:00,1\\n2014-02-30 00:00:00,2 | 3 | 2014-02-30 00:00:00",
        "timestamp,value\\n06.07.2014,1                           | 2 | 06.07.2014",
        "timestamp,value\\n2014-07-06T25:10:00Z,1                 | 2 | 2014-07-06T25:10:00Z",
        "timestamp,value\\n2014-07-06 20:10:00,1\\n\\n2014-07-06 20:15:00,much | 4 | much",
        "timestamp,value\\n2014-07-06 20:10:00,                   | 2 | value isn't a number",
        "timestamp,value\\n2014-07-06 20:10:00                    | 2 | fields=1",
        "timestamp,value\\n2014-07-06 20:10:00,1,2                | 2 | fields=3",
        "timestamp,value\\n2014-07-06 20:10:00,\"1\\n2014-07-06 20:15:00,2 | 1 | not CSV",
    })
    void rows_badOne_errorNamesFileAndLine(String content, int line, String what) throws IOException {
        Path file = write("bad.csv", content.replace("\\n", "\n"));

        assertThatThrownBy(() -> rows(file))
                .isInstanceOf(BadCsvException.class)
                .hasMessageContaining(what)
                .hasMessageEndingWith(", file=" + file + ", line=" + line);
    }

    private List<CsvRow> rows(String content) throws IOException {
        return rows(write("series.csv", content));
    }

    private static List<CsvRow> rows(Path file) throws IOException {
        List<CsvRow> read = new ArrayList<>();
        try (CsvRows rows = new CsvSeries("key", file).rows()) {
            rows.forEachRemaining(read::add);
        }
        return read;
    }

    private Path write(String name, String content) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, content);
    }
}
