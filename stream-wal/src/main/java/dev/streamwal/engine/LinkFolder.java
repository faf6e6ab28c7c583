package dev.streamwal.engine;

import dev.streamwal.format.PositionsLayout;
import dev.streamwal.image.CopiedFiles;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.DirectoryTree;
import dev.streamwal.io.FileLink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A folder within a log's directory in which a checkpoint is made of links, before it is copied to a place that no link can lead to, such as another
 * disk. So the log's locks are held while files are linked, and not while they are copied. A folder that a killed process leaves is deleted when the
 * log is opened for writing.
 */
final class LinkFolder implements AutoCloseable {

    private static final String PREFIX = ".checkpoint-";
    private static final String REPAIRING = ".repairing";

    private final Path folder;

    private LinkFolder(Path folder) {
        this.folder = folder;
    }

    /**
     * Makes one.
     *
     * @param target a directory
     * @return empty if links can lead to the target, or if the log's file system has none
     */
    static Optional<LinkFolder> create(Path root, Path target) throws IOException {
        Path file = root.resolve(PositionsLayout.FILE_NAME);
        if (FileLink.isPossible(file, target)) {
            return Optional.empty();
        }
        LinkFolder links = new LinkFolder(Files.createTempDirectory(root, PREFIX));
        if (FileLink.isPossible(file, links.folder)) {
            return Optional.of(links);
        }
        links.close();
        return Optional.empty();
    }

    /**
     * Deletes what killed processes have left: folders of this kind, and the one in which the command line's {@code repair} restores a backup.
     * {@code repair} holds the log's lock while it works, and the caller holds it now: so no {@code repair} is running. A later one begins anew,
     * whatever it finds there.
     */
    static void deleteLeftovers(Path root) throws IOException {
        for (Path each : CopiedFiles.in(root)) {
            String name = each.getFileName().toString();
            if (name.startsWith(PREFIX) || name.equals(REPAIRING)) {
                DirectoryTree.delete(each);
            }
        }
    }

    Path path() {
        return folder;
    }

    /** Copies what is in it into a directory, durably. */
    void copyTo(Path target) throws IOException {
        copy(folder, target);
    }

    private static void copy(Path from, Path to) throws IOException {
        DirectoryForce.create(to);
        for (Path each : CopiedFiles.in(from)) {
            Path copy = to.resolve(each.getFileName().toString());
            if (Files.isDirectory(each)) {
                copy(each, copy);
            } else {
                FileLink.copy(each, copy);
            }
        }
        DirectoryForce.force(to);
    }

    @Override
    public void close() throws IOException {
        DirectoryTree.delete(folder);
    }
}
