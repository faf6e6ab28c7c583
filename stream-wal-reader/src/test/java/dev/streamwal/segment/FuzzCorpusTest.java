package dev.streamwal.commit;

import static org.assertj.core.api.Assertions.assertThatCode;

import dev.streamwal.recovery.SegmentFuzzing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the fuzzer has found interesting so far, without the fuzzer. */
class FuzzCorpusTest {

    private static final Path RESOURCES = Path.of(System.getProperty("basedir", ".")).resolve("src/test/resources/dev/streamwal");

    static List<Path> journals() throws IOException {
        return inputs("commit/JournalFuzzTestInputs/scan");
    }

    static List<Path> segments() throws IOException {
        return inputs("recovery/SegmentFuzzTestInputs/scan");
    }

    private static List<Path> inputs(String folder) throws IOException {
        try (Stream<Path> files = Files.list(RESOURCES.resolve(folder))) {
            return files.sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("journals")
    void scan_aJournalOfTheCorpus_holdsItsPromises(Path input) {
        assertThatCode(() -> JournalFuzzing.scan(Files.readAllBytes(input))).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @MethodSource("segments")
    void scan_aSegmentOfTheCorpus_holdsItsPromises(Path input) {
        assertThatCode(() -> SegmentFuzzing.scan(Files.readAllBytes(input))).doesNotThrowAnyException();
    }
}
