package dev.streamwal.storage;

import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Segments written by position, on any file system that Java knows. */
public class ChannelStorage implements SegmentStorage {

    @Override
    public SegmentFile create(Path path) throws IOException {
        ChannelFile file = newFile(path);
        file.create();
        return file;
    }

    @Override
    public SegmentFile open(Path path) {
        return newFile(path);
    }

    /** The file is opened at its first use. */
    ChannelFile newFile(Path path) {
        return new ChannelFile(path);
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
        Files.createDirectories(directory);
    }

    /**
     * A move that doesn't replace. Between the check and the move nothing else can take the name: one process writes a log (LOCK), and in it one
     * thread gives names in a stream's directory (the rotation lock).
     */
    @Override
    public void name(Path temporary, Path name) throws IOException {
        if (Files.exists(name)) {
            throw new FileAlreadyExistsException(temporary.toString(), name.toString(), "a segment has this name already");
        }
        Files.move(temporary, name);
    }

    @Override
    public void replace(Path temporary, Path name) throws IOException {
        LogFile.rename(temporary, name);
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
