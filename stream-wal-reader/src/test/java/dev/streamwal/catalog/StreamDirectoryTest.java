package dev.streamwal.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.io.ChannelCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StreamDirectoryTest {

    @TempDir
    private Path root;

    private final long[] now = {0};

    @Test
    void state_unchangedForLong_isEqual() throws IOException {
        Path folder = Files.createDirectory(root.resolve(StreamDirectory.NAME));
        StreamDirectory streams = new StreamDirectory(root, new ChannelCache(1), () -> now[0]);
        Object first = streams.state();
        assertThat(streams.state()).as("it may have changed within the clock's granularity").isNotEqualTo(first);
        now[0] = ListingAge.SETTLING_NANOS;
        Object settled = streams.state();
        assertThat(streams.state()).isEqualTo(settled);
        Files.createDirectory(folder.resolve("k"));
        Files.setLastModifiedTime(folder, FileTime.fromMillis(5));
        assertThat(streams.state()).isNotEqualTo(settled);
    }

    @Test
    void state_noFolder_isNeverEqual() throws IOException {
        StreamDirectory streams = new StreamDirectory(root, new ChannelCache(1), () -> now[0]);
        Object first = streams.state();
        now[0] = ListingAge.SETTLING_NANOS;
        assertThat(streams.state()).isNotEqualTo(first);
    }
}
