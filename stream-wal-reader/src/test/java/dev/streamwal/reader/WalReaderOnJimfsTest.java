package dev.streamwal.reader;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;

class WalReaderOnJimfsTest extends WalReaderContract {

    private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix());

    @Override
    Path newRoot() throws IOException {
        return Files.createDirectory(memory.getPath("/log"));
    }

    @AfterEach
    void closeMemory() throws IOException {
        memory.close();
    }
}
