package dev.streamwal.journal;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.FormatException;
import dev.streamwal.io.BadSectors;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The file {@code commit/frontier} of a log, which is replaced atomically. */
public final class FrontierFile {

    private static final String NAME = "frontier";
    private static final String TEMPORARY_NAME = ".frontier.tmp";

    private FrontierFile() {}

    public static Path path(Path root) {
        return JournalFiles.directory(root).resolve(NAME);
    }

    /**
     * Reads the file; empty if the log has no journal.
     *
     * @throws CorruptSegmentException if it is damaged
     * @throws UnsupportedFormatException if a newer version wrote it
     */
    public static Optional<Frontier> load(Path root) throws IOException {
        Path file = path(root);
        byte[] bytes;
        try (LogFile open = LogFile.reading(file)) {
            bytes = open.ask(FrontierFile::read);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        try {
            return Optional.of(FrontierLayout.decode(bytes));
        } catch (FormatException e) {
            if (e.isUnsupported()) {
                throw new UnsupportedFormatException(e.at("file=" + file), file, null, WalException.NO_POSITION, e);
            }
            throw corrupt(String.valueOf(e.getMessage()), file, bytes.length, e);
        }
    }

    /** A page that the disk can't read fails the checksum. So it counts as damage, and the program decides what to do about it. */
    private static byte[] read(LogFile.Opened file) throws IOException {
        long size = file.size();
        if (size > FrontierLayout.MAX_BYTES) {
            throw corrupt("file is longer than " + FrontierLayout.MAX_BYTES + " bytes: bytes=" + size, file.path(), size, null);
        }
        return LogFile.readStart(BadSectors.around(file), FrontierLayout.MAX_BYTES);
    }

    private static CorruptSegmentException corrupt(String what, Path file, long length, @Nullable Throwable cause) {
        return new CorruptSegmentException(
                "commit journal's frontier is damaged: " + what + ", file=" + file
                        + ", offset=0; put the file back from a copy made since the log was last written, or open the log with"
                        + " SKIP_BAD_RECORDS, which goes on without the journal: records that only the journal held are lost then",
                file, null, WalException.NO_POSITION, 0, length, cause);
    }

    /** After this method has returned, the new frontier survives power loss. After it has thrown, either the old or the new one may. */
    public static void write(Path root, Frontier frontier) throws IOException {
        Path directory = JournalFiles.directory(root);
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory);
            DirectoryForce.force(root);
        }
        ByteBuffer bytes = FrontierLayout.encode(frontier);
        LogFile.replace(directory.resolve(TEMPORARY_NAME), path(root), file -> file.write(0, bytes.duplicate()));
    }
}
