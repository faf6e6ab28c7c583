package dev.streamwal.storage;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;

class ChannelStorageJimfsTest extends StorageContract {

    private static final int ROOM = 4 << 20;

    private final FileSystem disk = Jimfs.newFileSystem(Configuration.unix().toBuilder().setMaxSize(ROOM).build());

    @Override
    SegmentStorage newStorage() {
        return new ChannelStorage();
    }

    @Override
    Path newDirectory() throws IOException {
        return Files.createDirectory(disk.getPath("/segments"));
    }

    @Override
    boolean maps() {
        return false;
    }

    /** The one there is, with less room. */
    @Override
    Path newSmallDisk(int bytes) throws IOException {
        Files.write(disk.getPath("/ballast"), new byte[ROOM - bytes]);
        return disk.getPath("/");
    }

    @AfterEach
    void close() throws IOException {
        disk.close();
    }
}
