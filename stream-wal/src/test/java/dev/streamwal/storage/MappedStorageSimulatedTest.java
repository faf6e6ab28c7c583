package dev.streamwal.storage;

import dev.streamwal.simulation.SimulatedDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class MappedStorageSimulatedTest extends StorageContract {

    private final SimulatedDisk disk = new SimulatedDisk();

    @Override
    SegmentStorage newStorage() {
        return SimulatedStorage.mapped();
    }

    @Override
    Path newDirectory() throws IOException {
        return Files.createDirectory(disk.path("/segments"));
    }

    @Override
    boolean maps() {
        return true;
    }

    @Override
    Path newSmallDisk(int bytes) {
        return new SimulatedDisk(bytes).path("/");
    }
}
