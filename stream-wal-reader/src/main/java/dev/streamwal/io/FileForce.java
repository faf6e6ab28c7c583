package dev.streamwal.io;

import dev.streamwal.format.SuppressForbidden;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Makes a file's content survive power loss, and hides no failure.
 *
 * <p>If a thread is interrupted during {@link FileChannel#force}, the exception tells only of the interrupt, whatever else failed. A kernel reports a lost page
 * once, so a repeated force would succeed. So an interrupt may reach a force only if the repetition first writes the same bytes again.
 * {@link java.io.FileDescriptor#sync()} ignores interrupts.
 */
public final class FileForce {

    private FileForce() {}

    /**
     * Forces a file.
     *
     * @throws NoSuchFileException if there is no such file; none is made
     * @throws java.nio.file.AccessDeniedException if it may not be opened
     */
    public static void force(Path file) throws IOException {
        if (file.getFileSystem().equals(FileSystems.getDefault())) {
            sync(file);
        } else {
            // mostly file systems in memory, which lose nothing
            try (LogFile opened = new LogFile(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                opened.together(LogFile.Opened::force);
            }
        }
    }

    @SuppressForbidden("the one way to force a file that no interrupt reaches")
    private static void sync(Path file) throws IOException {
        try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "r")) {
            opened.getFD().sync();
        } catch (FileNotFoundException e) {
            // doesn't say why: a file that isn't there needs no force, and one that is denied does
            FileChannel.open(file, StandardOpenOption.READ).close();
            throw e;
        }
    }
}
