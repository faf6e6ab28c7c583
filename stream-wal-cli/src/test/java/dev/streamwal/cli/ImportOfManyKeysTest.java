package dev.streamwal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an import into a log of many keys reads of the log, as Linux counts it for this thread. */
class ImportOfManyKeysTest {

    private static final Path COUNTED = Path.of("/proc/thread-self/io");
    private static final int FEW = 300;
    /** Four times as many keys: as many bytes if each key costs the same, and sixteen times as many if each costs a walk through all. */
    private static final int MANY = 4 * FEW;

    @TempDir
    private Path directory;

    @BeforeEach
    void countedAtAll() {
        assumeTrue(Files.isReadable(COUNTED), "SKIPPED: Linux alone counts what a thread reads");
    }

    private static long bytesRead() throws IOException {
        String bytes = Files.readAllLines(COUNTED).get(0);
        assertThat(bytes).startsWith("rchar: ");
        return Long.parseLong(bytes.substring("rchar: ".length()));
    }

    /** Each key has a row a second; keys come in an order of their own. */
    private Path file(int keys) throws IOException {
        StringBuilder rows = new StringBuilder("timestamp,k,v\n");
        for (int second = 10; second < 12; second++) {
            for (int i = 0; i < keys; i++) {
                rows.append("2024-05-01T11:00:").append(second).append("Z,site/").append(i * 7 % keys).append(',').append(i).append('\n');
            }
        }
        return Files.writeString(directory.resolve(keys + ".csv"), rows);
    }

    /** How many bytes a second import of a file reads. */
    private long again(int keys, String option) throws IOException {
        Path file = file(keys);
        Path root = directory.resolve(keys + option);
        assertThat(CliRun.of("import", root, file, "--key-column", "k").exit()).isZero();
        long before = bytesRead();
        CliRun run = CliRun.of("import", root, file, "--key-column", "k", option);
        long bytes = bytesRead() - before;
        assertThat(run.exit()).as(run.err()).isZero();
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(strings = {"--quiet", "--resume"})
    void eachKey_costsTheSame_howeverManyThereAre(String option) throws IOException {
        long unused = again(FEW / 3, option); // loads classes
        assertThat(again(MANY, option)).isLessThan(8 * again(FEW, option));
    }

    @Test
    void aNewLog_isNotRead() throws IOException {
        Path file = file(MANY);
        Path root = directory.resolve("log");
        assertThat(CliRun.of("import", directory.resolve("classes"), file, "--key-column", "k").exit()).isZero();
        long before = bytesRead();
        assertThat(CliRun.of("import", root, file, "--key-column", "k").exit()).isZero();
        assertThat(bytesRead() - before).isLessThan(4 * Files.size(file));
    }
}
