package dev.streamwal.storage;

import dev.streamwal.io.DirectoryForce;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** Segments written by position through a {@link FileChannel}, on any file system that Java knows. */
public class ChannelStorage implements SegmentStorage {

    /** One write's worth of zeros: large enough that the call doesn't count, small enough to stay in the processor's cache. */
    private static final int ZERO_BYTES = 256 << 10;

    private final ByteBuffer zeros = ByteBuffer.allocateDirect(ZERO_BYTES).asReadOnlyBuffer();

    @Override
    public SegmentFile create(Path path) throws IOException {
        return newFile(path, FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    @Override
    public SegmentFile open(Path path) {
        return newFile(path, null);
    }

    /** @param channel null where the file is opened at its first use */
    ChannelFile newFile(Path path, @Nullable FileChannel channel) {
        return new ChannelFile(path, channel, zeros);
    }

    /** Read-only and shared. */
    final ByteBuffer zeros() {
        return zeros;
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
        Files.createDirectories(directory);
    }

    /**
     * A move that doesn't replace. Between the look and the move nobody else can take the name: one process writes a log (LOCK), and in it
     * one thread gives names in a stream's directory (the rotation lock).
     */
    @Override
    public void name(Path temporary, Path name) throws IOException {
        if (Files.exists(name)) {
            throw new FileAlreadyExistsException(temporary.toString(), name.toString(), "a segment's name is given once");
        }
        Files.move(temporary, name);
    }

    @Override
    public boolean delete(Path path) throws IOException {
        return Files.deleteIfExists(path);
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
        DirectoryForce.force(directory);
    }

    @Override
    public boolean deleteDirectoryIfEmpty(Path directory) throws IOException {
        try {
            Files.delete(directory);
            return true;
        } catch (NoSuchFileException e) {
            return true;
        } catch (DirectoryNotEmptyException e) {
            return false;
        }
    }
}
