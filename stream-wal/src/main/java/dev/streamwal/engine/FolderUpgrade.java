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
 * Has versions that know nothing of shared segments refuse a log: they expect a folder {@code streams}, and find a file. The segments are in
 * the folder {@code segments}.
 *
 * <p><b>The steps</b>, by the writer, which has the log's lock, before it creates anything else:
 * <ol>
 * <li>where {@code streams} is a folder, it is renamed, and the root is forced;
 * <li>an empty file {@code streams} is created, and the root is forced;
 * <li>the file gets its text.
 * </ol>
 *
 * <p><b>Why they may be cut short.</b> Each opening looks at what is there, and goes on:
 * <ul>
 * <li>Before the rename, or where it is lost, the folder is there by the old name, with all that is in it. The steps begin anew.
 * <li>Behind the rename there is a folder {@code segments} and no {@code streams}. Whoever was killed here may have left the rename in the
 *     page cache. The next one forces the root, and only then creates the file: a disk that has the file, and not the rename, would have
 *     lost the folder, whose name the file has.
 * <li>A file without text may have a name that isn't durable. The next one forces the root and writes the text. So a file with a text has a
 *     durable name, and opening a log that was upgraded, or created, costs one look.
 * <li>A new log has the file before it has a folder. Where a disk keeps the folder only, the file is created as behind a rename.
 * </ul>
 *
 * <p><b>An old version in between.</b> Behind the rename, as long as there is no file, an old version takes the log for one without streams. If it
 * opens the log, it makes a folder {@code streams}. As long as nothing is in one of the two folders, that one is removed. Where both have
 * something, {@link StreamDirectory#in} refuses the log, to writers and readers. Neither folder is ever filled from the other one.
 *
 * <p><b>A folder that can't be renamed</b>, as a file system is mounted there, stays as it is, and the log is used as before: the rename
 * fails before anything has changed. Such a log isn't refused by old versions. A symbolic link is renamed like a folder, also one that leads
 * nowhere, as where a file system isn't mounted: whoever makes the folder then is told so.
 */
final class FolderUpgrade {

    /** For who looks into the file. */
    private static final String TEXT = "This log needs a newer version of stream-wal: its segments are in the folder \"" + StreamDirectory.NAME
            + "\". This file makes older versions refuse the log. Don't remove it.\n";

    private FolderUpgrade() {}

    /**
     * Goes through all steps that are still to be done.
     *
     * @param failed is told why the folder can't be renamed
     * @throws WalException where there are two folders with segments
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

    /** False where the folder has kept its name. */
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

    /** Sees to the file {@code streams} of a log that has no folder by that name. */
    static void refuseOldVersions(Path root) throws IOException {
        Path file = root.resolve(StreamDirectory.EARLIER_NAME);
        if (hasText(file)) {
            return;
        }
        if (Files.exists(root.resolve(StreamDirectory.NAME))) {
            // the folder may have been renamed just now, or by who was killed then
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
