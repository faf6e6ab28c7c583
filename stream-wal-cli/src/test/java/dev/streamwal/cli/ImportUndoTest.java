package dev.streamwal.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an import that failed has appended is removed. */
class ImportUndoTest {

    /** Nobody knows behind which record the damaged one is to be cut. */
    @Test
    void undo_damagedStream_bringsBackTheOthers(@TempDir Path root) throws IOException {
        WrittenLog log = new WrittenLog(root);
        for (String key : List.of("a", "b")) {
            log.append(key, Duration.ofMinutes(5));
        }
        try (StreamWal wal = log.open()) {
            ImportUndo undo = new ImportUndo();
            for (String key : List.of("a", "b", "new")) {
                undo.append(key, () -> wal.stream(key).append("imported".getBytes(UTF_8)).position());
            }
            log.damage(log.segments("a").get(0), Duration.ofMinutes(5));
            assertThat(undo.undo(wal)).containsOnlyKeys("a");
        }
        assertThat(ImportTest.records(root, "b")).hasSize(1);
        assertThat(CliRun.of("ls", root, "new").exit()).isEqualTo(Exit.FINDINGS.code());
    }
}
