package dev.streamwal.io;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who forces files takes one that isn't there for deleted: it needs no force. Any other that can't be opened does. */
class FileForceTest {

    @TempDir
    private Path folder;

    @Test
    void force_missingFile_saysThatItIsMissing() {
        assertThatThrownBy(() -> FileForce.force(folder.resolve("missing"))).isInstanceOf(NoSuchFileException.class);
    }

    /** As where its folder may not be searched, which nothing keeps the superuser from: of links in a circle it isn't known either whether there is a file. */
    @Test
    void force_fileThatNobodyCanLookAt_isNotMissing() throws Exception {
        Path first = folder.resolve("first");
        Path second = Files.createSymbolicLink(folder.resolve("second"), first);
        Path file = Files.createSymbolicLink(first, second);
        assertThatThrownBy(() -> FileForce.force(file)).isInstanceOf(FileSystemException.class).isNotInstanceOf(NoSuchFileException.class);
    }
}
