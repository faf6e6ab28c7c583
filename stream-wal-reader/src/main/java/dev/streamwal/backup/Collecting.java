package dev.streamwal.backup;

import dev.streamwal.error.WalException;
import dev.streamwal.io.DirectoryListing;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.UUID;

/**
 * A collection of files that no point names. Its mark is a directory. Each file is moved there before it is deleted, and the move fails if the
 * directory has gone. So a backup that begins needn't know whether a collection runs or was killed: it removes all these directories, and from then on
 * no file is removed.
 */
final class Collecting implements AutoCloseable {

    private static final String SUFFIX = ".collecting";
    /** A running collection may move a file into the directory at any moment. If that seems to happen so many times in a row, something else is wrong. */
    private static final int MAX_ATTEMPTS = 1_000;

    private final Path mark;

    private Collecting(Path mark) {
        this.mark = mark;
    }

    static Collecting begin(Path points) throws IOException {
        return new Collecting(Files.createDirectory(points.resolve(UUID.randomUUID() + SUFFIX)));
    }

    /**
     * Removes a file.
     *
     * @return whether it was there
     * @throws WalException if a backup has begun; then the file stays
     */
    boolean remove(Path file) throws IOException {
        Path moved = mark.resolve(file.getFileName());
        try {
            StoredFiles.move(file, moved);
        } catch (NoSuchFileException e) {
            if (!Files.isDirectory(mark)) {
                throw new WalException("a backup has begun while files of backups were collected: mark=" + mark + "; collect again when it has ended",
                        mark, null, WalException.NO_POSITION, e);
            }
            return false;
        }
        // a backup that begins may have deleted it
        boolean unused = Files.deleteIfExists(moved);
        return true;
    }

    @Override
    public void close() throws IOException {
        end(mark);
    }

    /** Ends all collections there are, those that were killed as well. */
    static void endAll(Path points) throws IOException {
        for (Path mark : DirectoryListing.list(points, file -> file.getFileName().toString().endsWith(SUFFIX))) {
            end(mark);
        }
    }

    private static void end(Path mark) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                DirectoryListing.eachIfThere(mark, file -> {
                    boolean unused = Files.deleteIfExists(file);
                });
                boolean unused = Files.deleteIfExists(mark);
                return;
            } catch (DirectoryNotEmptyException e) {
                if (attempt == MAX_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }
}
