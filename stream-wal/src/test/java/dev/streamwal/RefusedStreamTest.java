package dev.streamwal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.error.CorruptSegmentException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program that goes on appending to a stream that is refused. */
class RefusedStreamTest {

    private static final int APPENDS = 20;
    private static final byte[] CONTENT = "some content".getBytes(ISO_8859_1);

    @TempDir
    Path root;

    private StreamWal open() {
        // so that all records are of one window, and in one segment
        InstantSource clock = InstantSource.fixed(Instant.parse("2026-01-01T00:00:00Z"));
        return StreamWal.open(root, WalOptions.builder().clock(clock).streams("*", StreamOptions.builder().segments(Segments.OWN).build()).build());
    }

    @Test
    void append_streamIsRefused_isReadAndCountedOnceAndUsableWhenItWasDeleted() throws IOException {
        try (StreamWal wal = open()) {
            for (int i = 0; i < 3; i++) {
                wal.stream("meter").append(CONTENT);
            }
        }
        Path segment = segment();
        byte[] bytes = Files.readAllBytes(segment);
        bytes[new String(bytes, ISO_8859_1).indexOf("some")]++;
        Files.write(segment, bytes);
        try (StreamWal wal = open()) {
            for (int i = 0; i < APPENDS; i++) {
                assertThatThrownBy(() -> wal.stream("meter").append(CONTENT)).isInstanceOf(CorruptSegmentException.class)
                        .hasMessageContaining("file=" + segment).hasMessageContaining("SKIP_BAD_RECORDS");
                wal.stream("other").append(CONTENT);
            }
            assertThat(wal.activity().corruptions()).isEqualTo(1);
            wal.delete("meter");
            wal.stream("meter").append(CONTENT);
            assertThat(wal.reader().latest("meter")).isPresent();
        }
    }

    private Path segment() throws IOException {
        try (Stream<Path> files = Files.walk(root.resolve("segments/meter"))) {
            List<Path> segments = files.filter(Files::isRegularFile).toList();
            assertThat(segments).hasSize(1);
            return segments.get(0);
        }
    }
}
