package dev.streamwal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code import --resume} makes of a file of which a part is there. A row is a letter here: it is the record's content, and all have one time. */
class ImportResumeTest {

    @TempDir
    private Path directory;

    private static String rows(String letters) {
        return "timestamp,v\n" + String.join("", letters.chars().mapToObj(letter -> "2024-05-01," + (char) letter + "\n").toList());
    }

    private CliRun imported(Path root, String letters, String... options) throws IOException {
        Path file = Files.writeString(directory.resolve("k.csv"), rows(letters));
        Object[] arguments = new Object[options.length + 3];
        arguments[0] = "import";
        arguments[1] = root;
        arguments[2] = file;
        System.arraycopy(options, 0, arguments, 3, options.length);
        return CliRun.of(arguments);
    }

    private static String letters(Path root) {
        return String.join("", ImportTest.records(root, "k").stream().map(record -> record.substring(record.lastIndexOf(' ') + 1)).toList());
    }

    /** Begins with other records, imports a part, and then all. */
    private String resumed(String earlier, String all, int there) throws IOException {
        Path root = directory.resolve(earlier + there);
        for (String part : new String[] {earlier, all.substring(0, there)}) {
            assertThat(part.isEmpty() || imported(root, part).exit() == 0).isTrue();
        }
        CliRun run = imported(root, all, "--resume");
        return run.exit() == 0 ? letters(root) : run.err();
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "abcabcabd", "aaaaaaaaaaaaaaaaaaaaaaaa", "abcdefghijklmnopqabcdefghijklmnopqa", "aaaaaaaaaaaaaaaaaab"
    })
    void anyPartOfAFile_isContinued_alsoWhereRowsRepeat(String all) throws IOException {
        for (int there = 0; there <= all.length(); there++) {
            assertThat(resumed("", all, there)).as("there=%s", there).isEqualTo(all);
        }
    }

    @Test
    void behindOtherRecords_thePartIsContinued() throws IOException {
        String all = "abcabcabdabefghijklmnopqrstuvwa";
        for (int there = 0; there <= all.length(); there++) {
            assertThat(resumed("xyz", all, there)).as("there=%s", there).isEqualTo("xyz" + all);
        }
    }

    @Test
    void behindOtherRecords_withMoreEqualRowsThanAreCompared_nothingIsImported() throws IOException {
        String all = String.join("", Collections.nCopies(20, "ab"));
        assertThat(resumed("xyz", all, 8)).isEqualTo("xyz" + all);
        Path root = directory.resolve("xyz30");
        assertThat(resumed("xyz", all, 30)).isEqualTo("stream-wal: rows repeat, so that it isn't certain which of them are there already:"
                + " stream=k, root=" + root + "; nothing was imported; import the rows that are missing as a file of their own, without --resume" + System.lineSeparator());
        assertThat(letters(root)).isEqualTo("xyz" + all.substring(0, 30));
    }

    /** The newest record is among the rows by chance. */
    @Test
    void recordsOfAnotherFile_whoseLastEqualsARow_areNotTakenForRows() throws IOException {
        Path root = directory.resolve("log");
        assertThat(imported(root, "xyzb").exit()).isZero();
        assertThat(imported(root, "aab", "--resume").err()).contains("rows repeat").contains("stream=k");
        assertThat(letters(root)).isEqualTo("xyzb");
    }

    @Test
    void rowsThatTheLogRefused_areNoRecords() throws IOException {
        Path root = directory.resolve("log");
        List<String> lines = List.of("timestamp,v", "2024-05-01,a", "2023-05-01,b", "2024-05-01,c", "2024-05-01,a", "2023-05-01,b",
                "2024-05-01,c", "2024-05-01,d");
        Path part = directory.resolve("part/k.csv");
        Files.createDirectories(part.getParent());
        for (int there = 1; there <= lines.size(); there++) {
            Path each = root.resolveSibling("log" + there);
            Files.write(part, lines.subList(0, there));
            assertThat(CliRun.of("import", each, part, "--skip-bad").exit()).isLessThan(2);
            Path all = Files.write(directory.resolve("k.csv"), lines);
            assertThat(CliRun.of("import", each, all, "--skip-bad", "--resume").exit()).isLessThan(2);
            assertThat(letters(each)).as("there=%s", there).isEqualTo("acacd");
        }
    }
}
