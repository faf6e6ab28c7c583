package dev.streamwal.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReadmeTest {
    private static final Path SNIPPET = Path.of("src/main/java/dev/streamwal/examples/ReadmeSnippet.java");
    private static final Path README = Path.of("../README.md");

    @ParameterizedTest
    @CsvSource({"snippet, WalOptions options = ", "reading, try (WalReader reader = ", "keeping, StreamOptions kept = "})
    void snippet_isWhatCompiles(String marker, String beginning) throws IOException {
        String compiled = between(Files.readString(SNIPPET), "// " + marker + "\n", "        // " + marker + "\n");
        String shown = beginning + between(Files.readString(README), "```java\n" + beginning, "```");

        assertThat(shown.stripTrailing()).isEqualTo(compiled.stripTrailing().stripIndent());
    }

    private static String between(String text, String start, String end) {
        int from = text.indexOf(start);
        assertThat(from).as("%s in the text", start.strip()).isNotNegative();
        int to = text.indexOf(end, from + start.length());
        assertThat(to).as("%s behind it", end.strip()).isNotNegative();
        return text.substring(from + start.length(), to);
    }
}
