package dev.streamwal.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.core.env.MapPropertySource;

class EmbeddingTest {
    private static final Path SNIPPETS = Path.of("src/test/java/dev/streamwal/examples/EmbeddingSnippets.java");
    private static final Path DOCUMENT = Path.of("../docs/embedding.md");

    @TempDir
    private Path directory;

    /** A bean that uses the log until it is closed itself. */
    static final class Meter implements AutoCloseable {
        private final StreamWal wal;

        Meter(StreamWal wal) {
            this.wal = wal;
        }

        @Override
        public void close() {
            EntryRef unused = wal.stream("meter").append(new byte[] {7});
        }
    }

    @ParameterizedTest
    @CsvSource({"hook, Runtime.getRuntime()", "bean, @Bean"})
    void snippet_isWhatCompiles(String marker, String beginning) throws IOException {
        String compiled = Snippets.between(Files.readString(SNIPPETS), "// " + marker + "\n", "        // " + marker + "\n");
        String shown = beginning + Snippets.between(Files.readString(DOCUMENT), "```java\n" + beginning, "```");

        assertThat(shown.stripTrailing()).isEqualTo(compiled.stripTrailing().stripIndent());
    }

    /** Each one is compared. */
    @Test
    void document_hasNoOtherSnippetsInJava() throws IOException {
        assertThat(Files.readString(DOCUMENT).lines().filter("```java"::equals)).hasSize(2);
    }

    @Test
    void bean_springClosesIt_behindTheBeansThatUseIt() {
        try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
            context.getEnvironment().getPropertySources()
                    .addFirst(new MapPropertySource("test", Map.of("telemetry.directory", directory.toString())));
            context.register(EmbeddingSnippets.Beans.class);
            context.registerBean(Meter.class, () -> new Meter(context.getBean(StreamWal.class)));
            context.refresh();
            assertThat(context.getBean(StreamWal.class).keys()).isEmpty();
        }
        try (WalReader reader = WalReader.open(directory)) {
            assertThat(reader.latest("meter").map(Entry::contentBytes)).hasValue(new byte[] {7});
        }
        StreamWal.open(directory, WalOptions.builder().build()).close();
    }
}
