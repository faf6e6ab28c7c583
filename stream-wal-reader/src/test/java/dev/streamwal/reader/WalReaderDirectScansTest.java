package dev.streamwal.reader;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** Past the page cache, where the file system of this machine can. */
class WalReaderDirectScansTest extends WalReaderContract {

    @TempDir
    private Path folder;

    @Override
    Path newRoot() {
        return folder;
    }

    @Override
    ReaderOptions options() {
        return ReaderOptions.builder().directScans(true).build();
    }
}
