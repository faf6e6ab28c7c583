package dev.streamwal.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.streamwal.pack.PackFuzzing;
import dev.streamwal.journal.JournalFuzzing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the fuzzer has found interesting so far, without the fuzzer. */
class FuzzCorpusTest {

    private static final Path RESOURCES = Path.of(System.getProperty("basedir", ".")).resolve("src/test/resources/dev/streamwal");

    static List<Path> journals() throws IOException {
        return inputs("journal/JournalFuzzTestInputs/scan");
    }

    static List<Path> segments() throws IOException {
        return inputs("segment/SegmentFuzzTestInputs/scan");
    }

    static List<Path> packs() throws IOException {
        return inputs("pack/PackFuzzTestInputs/scan");
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

    @ParameterizedTest
    @MethodSource("packs")
    void scan_aPackOfTheCorpus_holdsItsPromises(Path input) {
        assertThatCode(() -> PackFuzzing.scan(Files.readAllBytes(input))).doesNotThrowAnyException();
    }

    /** So that what a fuzzer starts from gets as far as it may. */
    @Test
    void scan_theSeeds_opensTheirEncryptedRecords() throws IOException {
        assertThat(SegmentFuzzing.scan(read("segment/SegmentFuzzTestInputs/scan/encrypted"))).isEqualTo(12);
        for (String pack : List.of("compression-NONE", "compression-COLUMNS", "second-header-NONE", "second-header-COLUMNS")) {
            assertThat(PackFuzzing.scan(read("pack/PackFuzzTestInputs/scan/" + pack))).as(pack).isEqualTo(24);
        }
    }

    private static byte[] read(String input) throws IOException {
        return Files.readAllBytes(RESOURCES.resolve(input));
    }
}
