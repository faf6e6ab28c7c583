package dev.streamwal.append;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.StreamKey;
import dev.streamwal.storage.ChannelStorage;
import dev.streamwal.storage.SegmentNames;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which streams may have a directory is known exactly, so that none that has one is overlooked, and none that had one takes memory. */
class StreamDirectoriesTest {

    private static final StreamKey KEY = StreamKey.of("meter/1");

    @TempDir
    Path root;

    private final SegmentStorage storage = new ChannelStorage();

    private StreamDirectories directories(StreamKey... there) throws IOException {
        for (StreamKey key : there) {
            Files.createDirectory(root.resolve(key.directoryName()));
        }
        return new StreamDirectories(there.length == 0 ? Set.of() : Set.of(KEY.directoryName()), key -> root.resolve(key.directoryName()));
    }

    @Test
    void deleteIfEmpty_ofOneThatIsEmpty_forgetsIt() throws IOException {
        StreamDirectories directories = directories();
        assertThat(directories.mayHave(KEY)).isFalse();
        directories.create(KEY, storage);
        directories.create(KEY, storage);
        assertThat(directories.mayHave(KEY)).isTrue();
        assertThat(directories.of(KEY)).isDirectory();
        directories.deleteIfEmpty(KEY, storage);
        assertThat(directories.mayHave(KEY)).isFalse();
        assertThat(directories.of(KEY)).doesNotExist();
    }

    @Test
    void deleteIfEmpty_ofOneThatHasAFile_leavesIt() throws IOException {
        StreamDirectories directories = directories();
        directories.create(KEY, storage);
        Files.createFile(directories.of(KEY).resolve("a"));
        directories.deleteIfEmpty(KEY, storage);
        assertThat(directories.mayHave(KEY)).isTrue();
    }

    /** It was deleted while a file was to be prepared in it. */
    @Test
    void use_ofOneThatIsGone_remembersNothing() throws IOException {
        StreamDirectories directories = directories();
        directories.use(KEY);
        assertThat(directories.mayHave(KEY)).isFalse();
    }

    @Test
    void deleteLeftovers_ofOneThatIsInUse_leavesIt() throws IOException {
        StreamDirectories directories = directories(KEY);
        Path prepared = directories.of(KEY).resolve(SegmentNames.temporary(1));
        Files.createFile(prepared);
        directories.use(KEY);
        directories.deleteLeftovers(directories.of(KEY), storage);
        assertThat(prepared).exists();
        assertThat(directories.mayHave(KEY)).isTrue();
    }

    @Test
    void deleteLeftovers_ofAKilledProcess_forgetsIt() throws IOException {
        StreamDirectories directories = directories(KEY);
        Files.createFile(directories.of(KEY).resolve(SegmentNames.temporary(1)));
        assertThat(directories.mayHave(KEY)).isTrue();
        directories.deleteLeftovers(directories.of(KEY), storage);
        assertThat(directories.of(KEY)).doesNotExist();
        assertThat(directories.mayHave(KEY)).isFalse();
    }

    @Test
    void delete_ofStreams_keepsNothingOfThem() throws Exception {
        SeamedLog.create(root);
        try (SeamedLog log = new SeamedLog(root, storage, 64 << 10, null)) {
            for (int i = 0; i < 10; i++) {
                String key = "k" + i;
                for (int again = 0; again < 2; again++) {
                    long unused = log.append(key, Source.EMPTY, Source.of(key.getBytes(StandardCharsets.US_ASCII)));
                    assertThat(log.context.directories().mayHave(StreamKey.of(key))).isTrue();
                    assertThat(SeamedLog.delete(log.stream(key))).isTrue();
                    assertThat(log.context.directories().mayHave(StreamKey.of(key))).isFalse();
                }
            }
            assertThat(log.failures).isEmpty();
        }
    }
}
