package dev.streamwal.cli;

import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.pack.PackFiles;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;

/** How much the files with a log's segments and packs take. Records in packs are compressed, so the segments don't tell. */
final class LogFileSizes extends SimpleFileVisitor<Path> {

    private long bytes;

    private LogFileSizes() {}

    /** The sizes of all files in a log's folders of segments and packs, with space that was prepared ahead; what is in a tier isn't there. */
    static long sum(Path root) throws IOException {
        LogFileSizes sizes = new LogFileSizes();
        for (Path folder : List.of(StreamDirectory.in(root), PackFiles.directory(root))) {
            Path unused = Files.walkFileTree(folder, sizes);
        }
        return sizes.bytes;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
        bytes += attributes.size();
        return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
        if (failure instanceof NoSuchFileException) {
            return FileVisitResult.CONTINUE; // deleted meanwhile, or a log without packs
        }
        throw failure;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, IOException failure) throws IOException {
        return failure instanceof NoSuchFileException ? FileVisitResult.CONTINUE : super.postVisitDirectory(directory, failure);
    }
}
