package dev.streamwal.reader;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class WalReaderTest extends WalReaderContract {

    @TempDir
    private Path folder;

    @Override
    Path newRoot() {
        return folder;
    }
}
