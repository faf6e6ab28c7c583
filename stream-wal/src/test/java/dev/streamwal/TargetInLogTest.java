package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.backup.BackupFolder;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is put into a log's folders would be taken for the log's own: a copy in {@code segments} for a stream. */
class TargetInLogTest {

    private static final String REFUSED = "target is in the log's own directory: target=";

    @TempDir
    private Path directory;
    private Path root;
    private Path target;

    @BeforeEach
    void makeLog() {
        root = directory.resolve("log");
        target = root.resolve("segments").resolve("copy");
        try (StreamWal wal = StreamWal.open(root)) {
            wal.stream("a").append(new byte[10]);
        }
    }

    @Test
    void checkpointByTheWriter_isRefused() {
        try (StreamWal wal = StreamWal.open(root)) {
            assertThatThrownBy(() -> wal.checkpoint(target)).isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(REFUSED);
            assertThatThrownBy(() -> wal.checkpoint(root)).isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(REFUSED);
            wal.checkpoint(directory.resolve("log-copy"));
        }
        assertNothingIsThere();
    }

    @Test
    void checkpointByAReader_isRefused() {
        try (WalReader reader = WalReader.open(root)) {
            assertThatThrownBy(() -> reader.checkpoint(target)).isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(REFUSED);
        }
        assertNothingIsThere();
    }

    @Test
    void checkpointThroughALink_isRefused() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("link"), root.resolve("segments"));
        try (StreamWal wal = StreamWal.open(root)) {
            assertThatThrownBy(() -> wal.checkpoint(link.resolve("copy"))).isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(REFUSED);
        }
        assertNothingIsThere();
    }

    @Test
    void backup_isRefused() {
        BackupFolder backups = BackupFolder.at(target);
        assertThatThrownBy(() -> backups.backUp(root)).isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(REFUSED);
        assertThatThrownBy(() -> backups.backUpAndVerify(root)).isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(REFUSED);
        assertNothingIsThere();
    }

    @Test
    void rehearsalsScratch_isRefused() {
        Path scratch = root.resolve("segments");
        assertThatThrownBy(() -> StreamWal.rehearseRecovery(root, RecoveryPolicy.STOP_AT_FIRST_ERROR, scratch, progress -> { }))
                .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(REFUSED);
        assertNothingIsThere();
    }

    private void assertNothingIsThere() {
        try (WalReader reader = WalReader.open(root)) {
            assertThat(reader.keys()).containsExactly("a");
        }
        assertThat(target).doesNotExist();
    }
}
