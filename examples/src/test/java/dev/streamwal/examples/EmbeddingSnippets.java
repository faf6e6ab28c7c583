package dev.streamwal.examples;

import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import java.nio.file.Path;
import java.time.Duration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The Java snippets of {@code docs/embedding.md}: what is between two markers is in the document too, and a test compares them. */
final class EmbeddingSnippets {
    private EmbeddingSnippets() {}

    static void closeAtExit(StreamWal wal) {
        // hook
        Runtime.getRuntime().addShutdownHook(new Thread(wal::close, "close log"));
        // hook
    }

    /** A program's beans. */
    @Configuration(proxyBeanMethods = false)
    static class Beans {
        // bean
        @Bean
        StreamWal telemetry(@Value("${telemetry.directory}") Path directory) {
            return StreamWal.open(directory, WalOptions.builder().retention(Duration.ofDays(30)).build());
        }
        // bean
    }
}
