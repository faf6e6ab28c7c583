package dev.streamwal.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link QuarantineTest} shows that the quarantine gives such names. */
class QuarantinedFileTest {

    @ParameterizedTest
    @CsvSource({
            "a_0000000000000000_5.seg_112.aside, a, 0000000000000000_5.seg, 112, a",
            "a_0000000000000000_5.seg_112_3.aside, a, 0000000000000000_5.seg, 112, a",
            "a_b_c%2fd_00000000000000ff_17.seg_0.aside, a_b_c%2fd, 00000000000000ff_17.seg, 0, a_b_c/d",
            "a_0000000000000000_5.seg_1.aside_0000000000000000_5.seg_7.aside, a_0000000000000000_5.seg_1.aside, 0000000000000000_5.seg, 7,"
                    + " a_0000000000000000_5.seg_1.aside"
    })
    void segments(String name, String directory, String file, long offset, String key) {
        QuarantinedFile parsed = QuarantinedFile.parse(name).orElseThrow();
        assertThat(parsed.streamDirectory()).hasValue(directory);
        assertThat(parsed.file()).isEqualTo(file);
        assertThat(parsed.offset()).isEqualTo(offset);
        assertThat(parsed.key()).hasValue(key);
    }

    @ParameterizedTest
    @ValueSource(strings = {"00000001.journal_4096.aside", "00000001.journal_lost.aside", "frontier_damaged.aside"})
    void journal(String name) {
        QuarantinedFile parsed = QuarantinedFile.parse(name).orElseThrow();
        assertThat(name).startsWith(parsed.file() + "_");
        assertThat(parsed.streamDirectory()).isEmpty();
        assertThat(parsed.key()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "notes.txt", "a_0000000000000000_5.seg_112.aside.tmp", "a_0000000000000000_05.seg_1.aside", "_1.aside", "x.aside"})
    void others(String name) {
        assertThat(QuarantinedFile.parse(name)).isEmpty();
    }

    /** Cut at that length, it may look like the name of another key. */
    @ParameterizedTest
    @CsvSource({"99, true", "100, false"})
    void longNames_mayBeCut(int length, boolean known) {
        QuarantinedFile parsed = QuarantinedFile.parse("k".repeat(length) + "_0000000000000000_5.seg_112.aside").orElseThrow();
        assertThat(parsed.key().isPresent()).isEqualTo(known);
    }
}
