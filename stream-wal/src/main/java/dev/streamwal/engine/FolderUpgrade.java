package dev.streamwal.engine;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.error.WalException;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;

/**
 * Makes versions without shared segments refuse a log: they expect a folder {@code streams} and find a file. The segments are in the folder
 * {@code segments}.
 *
 * <p><b>The steps</b>, by the writer, which has the log's lock, before it creates anything else:
 * <ol>
 * <li>if {@code streams} is a folder, it is renamed, and the root is forced;
 * <li>an empty file {@code streams} is created, and the root is forced;
 * <li>the file gets its text.
 * </ol>
 *
 * <p><b>A crash between steps.</b> Each opening looks at what is there and continues:
 * <ul>
 * <li>Before the rename, or if the rename was lost, the folder has the old name and all its content. The steps begin anew.
 * <li>After the rename there is a folder {@code segments} and no {@code streams}. A process killed here may have left the rename in the page
 *     cache. The next opening forces the root before it creates the file: a disk that had the file but not the rename would have lost the
 *     folder, whose name the file has.
 * <li>The name of a file without text may not be durable. The next opening forces the root and writes the text. So a file with text has a
 *     durable name, and opening a log that was upgraded or created costs one look.
 * <li>A new log gets the file before the folder. If the disk kept only the folder, the file is created as after a rename.
 * </ul>
 *
 * <p><b>An old version in between.</b> After the rename, as long as there is no file, an old version takes the log for one without streams.
 * If it opens the log, it creates a folder {@code streams}. As long as one of the two folders is empty, that one is removed. If both have
 * content, {@link StreamDirectory#in} refuses the log, for writers and readers. Neither folder is ever filled from the other one.
 *
 * <p><b>A folder that can't be renamed</b>, since a file system is mounted there, stays as it is, and the log is used as before: the rename
 * fails before anything has changed. Old versions don't refuse such a log. A symbolic link is renamed like a folder, even one whose target is
 * missing, for example since a file system isn't mounted; creating the folder then fails with an exception.
 */
final class FolderUpgrade {

    /** For people who open the file. */
    private static final String TEXT = "This log needs a newer version of stream-wal: its segments are in the folder \"" + StreamDirectory.NAME
            + "\". This file makes older versions refuse the log. Don't remove it.\n";

    private FolderUpgrade() {}

    /**
     * Performs all steps that are still to be done.
     *
     * @param failed receives the reason why the folder can't be renamed
     * @throws WalException if there are two folders with segments
     */
    static void run(Path root, Consumer<IOException> failed) throws IOException {
        Path folder = root.resolve(StreamDirectory.NAME);
        Path earlier = root.resolve(StreamDirectory.EARLIER_NAME);
        if (Files.isDirectory(earlier) && StreamDirectory.in(root).equals(folder)) {
            // it is empty
            Files.delete(earlier);
        } else if (Files.isDirectory(earlier) || Files.isSymbolicLink(earlier)) {
            if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
                // it is empty, or this throws
                Files.delete(folder);
            }
            if (!rename(earlier, folder, failed)) {
                return;
            }
        }
        refuseOldVersions(root);
    }

    /** @return false if the folder has kept its name */
    private static boolean rename(Path earlier, Path folder, Consumer<IOException> failed) throws IOException {
        try {
            Path unused = Files.move(earlier, folder, StandardCopyOption.ATOMIC_MOVE);
            return true;
        } catch (IOException e) {
            if (!Files.isDirectory(earlier) || Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
                throw e;
            }
            failed.accept(e);
            return false;
        }
    }

    /** Creates or completes the file {@code streams} of a log that has no folder of that name. */
    static void refuseOldVersions(Path root) throws IOException {
        Path file = root.resolve(StreamDirectory.EARLIER_NAME);
        if (hasText(file)) {
            return;
        }
        if (Files.exists(root.resolve(StreamDirectory.NAME))) {
            // the folder may have been renamed just now, or by a process that was killed then
            DirectoryForce.force(root);
        }
        try (LogFile text = new LogFile(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            text.open();
            DirectoryForce.force(root);
            text.write(0, ByteBuffer.wrap(TEXT.getBytes(US_ASCII)));
            text.force();
        }
    }

    private static boolean hasText(Path file) throws IOException {
        try {
            return Files.size(file) > 0;
        } catch (NoSuchFileException e) {
            return false;
        }
    }
}
