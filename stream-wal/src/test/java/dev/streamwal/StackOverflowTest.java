package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A program that comes to the end of its stack within the log, and goes on: all that was acknowledged is there, and nobody waits for what nobody does. */
@Timeout(600)
class StackOverflowTest {

    private static final int STACK_BYTES = 160_000;
    private static final int ROUNDS_OF_BUILD = 3;
    private static final long NEEDED_BYTES = 256 << 20;

    @TempDir
    Path directory;

    @Tag("long")
    @ParameterizedTest
    @CsvSource({"-Xint, MAPPED", "-Xint, CHANNEL", "-XX:TieredStopAtLevel=1, MAPPED", "-XX:TieredStopAtLevel=1, CHANNEL",
            "-XX:-TieredCompilation, MAPPED", "-XX:+TieredCompilation, CHANNEL"})
    void append_atTheEndOfTheStack_isThereOrNot(String compiler, Storage storage) throws Exception {
        Path log = FastDirectory.create(directory, NEEDED_BYTES);
        try {
            assertThat(output(compiler, log.resolve("log"), storage)).containsExactly("done");
        } finally {
            LogHome.deleteTree(log);
        }
    }

    private List<String> output(String compiler, Path log, Storage storage) throws Exception {
        List<String> flags = List.of("-Xmx256m", compiler, "-Dio.netty.leakDetection.level=paranoid", "-Dio.netty.leakDetection.targetRecords=0");
        Path output = directory.resolve("output");
        Path errors = directory.resolve("errors");
        int unused = ChildJvm.run(ChildJvm.of(flags, StackOverflowProgram.class, log.toString(), storage.name(), String.valueOf(STACK_BYTES),
                String.valueOf(Scale.ofOneRun(ROUNDS_OF_BUILD))), output, errors);
        List<String> lines = new ArrayList<>(Files.readAllLines(errors));
        lines.addAll(Files.readAllLines(output));
        return lines;
    }
}
