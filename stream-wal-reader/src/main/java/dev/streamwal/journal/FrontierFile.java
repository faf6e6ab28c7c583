package dev.streamwal.journal;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.FormatException;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.Uninterrupted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The file {@code commit/frontier} of a log: one is whole at every moment. */
public final class FrontierFile {

    private static final String NAME = "frontier";
    private static final String TEMPORARY_NAME = ".frontier.tmp";

    /** The JDK keeps a direct buffer as large as the largest heap buffer that a thread has read or written. */
    private static final long CHUNK_BYTES = 64 << 10;

    private FrontierFile() {}

    /** Where it is. */
    public static Path path(Path root) {
        return JournalFiles.directory(root).resolve(NAME);
    }

    /**
     * Reads it; empty where the log has no journal.
     *
     * @throws CorruptSegmentException where it is damaged
     * @throws UnsupportedFormatException where a newer version wrote it
     */
    public static Optional<Frontier> load(Path root) throws IOException {
        Path file = path(root);
        Optional<byte[]> bytes = Uninterrupted.run(() -> read(file));
        if (bytes.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(FrontierLayout.decode(bytes.get()));
        } catch (FormatException e) {
            if (e.isUnsupported()) {
                throw new UnsupportedFormatException(e.getMessage() + ", file=" + file, file, null, WalException.NO_POSITION, e);
            }
            throw corrupt(String.valueOf(e.getMessage()), file, bytes.get().length, e);
        }
    }

    private static Optional<byte[]> read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size > FrontierLayout.MAX_BYTES) {
                throw corrupt("a frontier has at most " + FrontierLayout.MAX_BYTES + " bytes: bytes=" + size, file, size, null);
            }
            ByteBuffer bytes = ByteBuffer.allocate((int) size);
            do {
                bytes.limit((int) Math.min(size, bytes.position() + CHUNK_BYTES));
            } while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) > 0);
            return Optional.of(Arrays.copyOf(bytes.array(), bytes.position()));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private static CorruptSegmentException corrupt(String what, Path file, long length, @Nullable Throwable cause) {
        return new CorruptSegmentException(
                "the commit journal's frontier is damaged: " + what + ", file=" + file
                        + ", offset=0; put the file back from a copy of this log, or open the log with"
                        + " SKIP_BAD_RECORDS, which goes on without the journal: what only the journal held is lost then",
                file, null, WalException.NO_POSITION, 0, length, cause);
    }

    /** When this returns, the new one survives power loss; when it throws, either may. */
    public static void write(Path root, Frontier frontier) throws IOException {
        Path directory = JournalFiles.directory(root);
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory);
            DirectoryForce.force(root);
        }
        ByteBuffer bytes = FrontierLayout.encode(frontier);
        Path temporary = directory.resolve(TEMPORARY_NAME);
        Uninterrupted.run(() -> {
            writeAndForce(temporary, bytes.duplicate());
            return temporary;
        });
        Files.move(temporary, path(root), StandardCopyOption.ATOMIC_MOVE);
        DirectoryForce.force(directory);
    }

    private static void writeAndForce(Path file, ByteBuffer bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            int end = bytes.limit();
            while (bytes.position() < end) {
                bytes.limit((int) Math.min(end, bytes.position() + CHUNK_BYTES));
                channel.write(bytes, bytes.position());
            }
            channel.force(true);
        }
    }
}
