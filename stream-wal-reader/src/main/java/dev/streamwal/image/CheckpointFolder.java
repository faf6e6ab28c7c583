package dev.streamwal.image;

import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.DirectoryListing;
import dev.streamwal.io.DirectoryTree;
import dev.streamwal.io.FileLink;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.RealPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A directory that becomes a copy of a log. */
public final class CheckpointFolder {

    private CheckpointFolder() {}

    /**
     * Makes the directory, if there is none.
     *
     * @throws IllegalArgumentException if there is something in it, or it is a file, or is in the log's directory
     */
    public static void create(Path root, Path target) throws IOException {
        RealPath.checkIsOutside(root, target);
        if (Files.exists(target) && !Files.isDirectory(target)) {
            throw new IllegalArgumentException("checkpoint target is a file: target=" + target + "; give a directory that is empty, or none yet");
        }
        DirectoryForce.create(target);
        if (DirectoryListing.any(target, entry -> true)) {
            throw new IllegalArgumentException("checkpoint target is not empty: target=" + target + "; give a directory that is empty, or none yet");
        }
    }

    /**
     * Copies a log, by its files only, into an empty directory or one that doesn't exist.
     *
     * @param tier of the log; null for the place that its manifest names
     */
    public static void copyLog(Path root, Path target, @Nullable Path tier) throws IOException {
        create(root, target);
        Path unused = LogImage.copy(root, tier, image -> {
            clear(target, image);
            Files.createDirectories(target.resolve(StreamDirectory.NAME));
            put(image, target);
            return target;
        });
        forceNames(target);
    }

    /** Makes the names in a copy that is complete, and its own, survive power loss. What is in its files does already. */
    public static void forceNames(Path target) throws IOException {
        DirectoryTree.forceNames(target);
        DirectoryForce.forceNameOf(target);
    }

    /** Copies files. Those that never change are linked, if the file system has links. */
    public static void put(List<ImageFile> files, Path target) throws IOException {
        for (ImageFile file : files) {
            Path copy = target.resolve(file.name());
            Files.createDirectories(copy.getParent());
            Path source = file.linkable();
            if (source == null) {
                write(file, copy);
            } else {
                link(source, copy);
            }
        }
    }

    private static void link(Path source, Path copy) throws IOException {
        try {
            if (!Files.exists(copy)) {
                FileLink.linkOrCopy(source, copy);
            }
        } catch (NoSuchFileException e) {
            throw new ImageChangedException("pack was merged or deleted while the log was copied: file=" + source, e);
        }
    }

    private static void write(ImageFile file, Path copy) throws IOException {
        Path unused = LogFile.writeNew(copy, open -> {
            AtomicLong offset = new AtomicLong();
            file.read(piece -> open.write(offset.getAndAdd(piece.remaining()), piece));
            return copy;
        });
    }

    /** Removes the files of an earlier attempt, except packs of this image: packs never change. */
    private static void clear(Path target, List<ImageFile> image) throws IOException {
        List<Path> kept = image.stream().filter(file -> file.linkable() != null).map(file -> target.resolve(file.name())).toList();
        CopiedFiles.deleteBelow(target, new HashSet<>(kept));
        DirectoryForce.force(target);
    }
}
