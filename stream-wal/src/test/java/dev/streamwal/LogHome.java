package dev.streamwal;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.io.DirectoryTree;
import dev.streamwal.storage.SmallDisk;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Where a test keeps its logs, and by which storage: a directory of its own on some file system. Closing it removes everything. */
final class LogHome implements Closeable {

    private final Path directory;
    private final Storage storage;
    private final boolean mapped;
    private final Closeable end;

    private LogHome(Path directory, Storage storage, boolean mapped, Closeable end) {
        this.directory = directory;
        this.storage = storage;
        this.mapped = mapped;
        this.end = end;
    }

    /** On the machine's disk, busy streams through mappings. */
    static LogHome mapped() {
        return onDisk(Storage.MAPPED);
    }

    /** On the machine's disk, by position. */
    static LogHome channel() {
        return onDisk(Storage.CHANNEL);
    }

    /** In memory, in a file system that isn't the machine's; AUTO has to find that it can't be mapped. */
    static LogHome jimfs() {
        return jimfs(Configuration.unix());
    }

    /** As {@link #jimfs()}, with room for so many bytes. */
    static LogHome jimfs(long maxBytes) {
        return jimfs(Configuration.unix().toBuilder().setMaxSize(maxBytes).setMaxCacheSize(0).build());
    }

    private static LogHome jimfs(Configuration configuration) {
        FileSystem fileSystem = Jimfs.newFileSystem(configuration);
        return new LogHome(fileSystem.getPath("/work"), Storage.AUTO, false, fileSystem);
    }

    private static LogHome onDisk(Storage storage) {
        try {
            Path directory = Files.createTempDirectory("stream-wal-test");
            return new LogHome(directory, storage, storage == Storage.MAPPED, () -> deleteTree(directory));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** On a disk of its own that holds so many bytes; the test is skipped where nobody may mount one. */
    static LogHome small(Storage storage, int bytes) {
        return on(SmallDisk.mount(bytes), storage);
    }

    /** On that disk, which is unmounted in the end. */
    static LogHome on(SmallDisk disk, Storage storage) {
        return new LogHome(disk.directory(), storage, storage == Storage.MAPPED, disk);
    }

    /** The log's; not there yet. */
    Path root() {
        return directory.resolve("log");
    }

    /** Another place in the same file system; not there yet. */
    Path place(String name) {
        return directory.resolve(name);
    }

    Storage storage() {
        return storage;
    }

    /** Whether busy streams are mapped. */
    boolean isMapped() {
        return mapped;
    }

    /** Whether it is the machine's file system, which another process sees too. */
    boolean isOfMachine() {
        return storage != Storage.AUTO;
    }

    @Override
    public void close() throws IOException {
        end.close();
    }

    static void deleteTree(Path top) throws IOException {
        if (Files.notExists(top)) {
            throw new NoSuchFileException(top.toString());
        }
        DirectoryTree.delete(top);
    }
}
