package dev.streamwal.io;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class BootIdTest {

    @TempDir
    Path directory;

    @Test
    void read_aLine_isItWithoutItsEnd() throws IOException {
        Path file = Files.writeString(directory.resolve("boot_id"), "b6ee3c11-2c8f-4e0b-9d6e-6ad01c4b3f0d\n");

        assertThat(BootId.read(file)).contains("b6ee3c11-2c8f-4e0b-9d6e-6ad01c4b3f0d");
    }

    @Test
    void read_nothingUsable_isEmpty() throws IOException {
        assertThat(BootId.read(directory.resolve("missing"))).isEmpty();
        assertThat(BootId.read(Files.writeString(directory.resolve("empty"), "\n"))).isEmpty();
        assertThat(BootId.read(Files.writeString(directory.resolve("long"), "x".repeat(65)))).isEmpty();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void ofThisMachine_onLinux_isTheSameEachTime() {
        assertThat(BootId.ofThisMachine()).isPresent().isEqualTo(BootId.ofThisMachine());
    }

    @Test
    void of_aFileSystemOfAnotherMachine_isEmpty() throws IOException {
        try (FileSystem memory = Jimfs.newFileSystem(Configuration.unix())) {
            assertThat(BootId.of(memory)).isEmpty();
        }
    }
}
