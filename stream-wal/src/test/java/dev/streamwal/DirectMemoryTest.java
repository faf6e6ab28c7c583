package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program whose direct memory is used up is told so by each operation that wants some, and reads on when it has some again. */
class DirectMemoryTest {

    @TempDir
    Path directory;

    @Test
    void read_directMemoryIsUsedUp_isAnExceptionOfTheLog() throws Exception {
        Path root = directory.resolve("log");
        try (StreamWal wal = StreamWal.open(root)) {
            for (int i = 0; i < DirectMemoryProgram.RECORDS; i++) {
                var unused = wal.stream(DirectMemoryProgram.KEY).append(new byte[100]);
            }
        }
        Path output = directory.resolve("output");
        Path errors = directory.resolve("errors");
        int exit = ChildJvm.run(ChildJvm.of(List.of("-XX:MaxDirectMemorySize=24m"), DirectMemoryProgram.class, root.toString()), output, errors);
        assertThat(errors).isEmptyFile();
        assertThat(exit).isZero();
        assertThat(Files.readAllLines(output)).hasSize(DirectMemoryProgram.OPERATIONS + 1).last().asString().contains("read again");
        assertThat(Files.readAllLines(output).subList(0, DirectMemoryProgram.OPERATIONS)).allMatch(line ->
                line.contains("WalIOException: ") && line.contains("not enough direct memory") && line.contains("-XX:MaxDirectMemorySize"));
    }
}
