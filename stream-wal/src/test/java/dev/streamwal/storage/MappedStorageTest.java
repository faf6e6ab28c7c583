package dev.streamwal.storage;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

class MappedStorageTest extends StorageContract {

    @TempDir
    private Path temporary;

    private SmallDisk disk;

    @Override
    SegmentStorage newStorage() {
        return new MappedStorage();
    }

    @Override
    Path newDirectory() {
        return temporary;
    }

    @Override
    boolean maps() {
        return true;
    }

    @Override
    Path newSmallDisk(int bytes) throws IOException {
        disk = SmallDisk.mount(bytes);
        return disk.directory();
    }

    @AfterEach
    void unmount() throws IOException {
        if (disk != null) {
            disk.close();
        }
    }
}
