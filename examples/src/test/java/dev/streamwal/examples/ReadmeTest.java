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
        String compiled = Snippets.between(Files.readString(SNIPPET), "// " + marker + "\n", "        // " + marker + "\n");
        String shown = beginning + Snippets.between(Files.readString(README), "```java\n" + beginning, "```");

        assertThat(shown.stripTrailing()).isEqualTo(compiled.stripTrailing().stripIndent());
    }
}
