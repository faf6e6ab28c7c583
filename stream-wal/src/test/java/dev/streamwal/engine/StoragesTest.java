package dev.streamwal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.storage.ChannelStorage;
import dev.streamwal.storage.MappedStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which storage a log gets by itself: by where its segments are, and not only by where its root is. */
class StoragesTest {

    @TempDir
    private Path directory;

    /** Two file systems: what is below {@code elsewhere} is in the other one, whichever way it is come to. */
    private Storages storages(String type, String elsewhere) {
        return new Storages(StorageKind.AUTO, path ->
                path.toRealPath().startsWith(directory.toRealPath().resolve("elsewhere")) ? elsewhere : type);
    }

    private Path root() throws IOException {
        return Files.createDirectories(directory.resolve("root"));
    }

    private void linkStreamsElsewhere() throws IOException {
        Files.createSymbolicLink(root().resolve("segments"), Files.createDirectories(directory.resolve("elsewhere")));
    }

    private void assertMaps(Storages storages, boolean maps) throws IOException {
        assertThat(storages.of(root())).isInstanceOf(maps ? MappedStorage.class : ChannelStorage.class);
    }

    @Test
    void auto_newLog_isByTheRoot() throws IOException {
        assertMaps(storages("ext4", "btrfs"), true);
        assertMaps(storages("btrfs", "ext4"), false);
    }

    @Test
    void auto_streamsInTheRoot_isByBoth() throws IOException {
        Files.createDirectories(root().resolve("segments"));
        assertMaps(storages("xfs", "btrfs"), true);
        assertMaps(storages("nfs", "ext4"), false);
    }

    @Test
    void auto_streamsAreALinkElsewhere_isMappedWhereBothAreSafe() throws IOException {
        linkStreamsElsewhere();
        assertMaps(storages("ext4", "btrfs"), false);
        assertMaps(storages("btrfs", "ext4"), false);
        assertMaps(storages("ext4", "tmpfs"), true);
    }

    @Test
    void auto_typeIsUnknown_isntMapped() throws IOException {
        assertMaps(new Storages(StorageKind.AUTO, path -> {
            throw new IOException("Mount point not found");
        }), false);
    }

    @Test
    void auto_streamsLeadNowhere_isByTheRoot() throws IOException {
        Files.createSymbolicLink(root().resolve("segments"), directory.resolve("elsewhere"));
        assertMaps(storages("ext4", "btrfs"), true);
    }
}
