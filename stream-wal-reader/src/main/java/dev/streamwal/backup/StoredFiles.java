package dev.streamwal.backup;

import dev.streamwal.error.TooManyOpenFilesException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.image.ImageChangedException;
import dev.streamwal.image.ImageFile;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The files in a backup's folder, each under the checksum of its content.
 *
 * <p>A file is written under another name, forced, read back, and then moved to its name. So a file was whole when it got its name, even if the
 * backup is killed, or two backups write the same file: both move the same content.
 */
final class StoredFiles {

    static final String TEMPORARY_SUFFIX = ".tmp";

    private static final String DIRECTORY = "files";
    private static final int PREFIX_DIGITS = 2;

    private final Path directory;

    /** @param folder of the backup */
    StoredFiles(Path folder) {
        this.directory = folder.resolve(DIRECTORY);
    }

    /** Where the files are, in directories by the first two digits of their names. */
    Path directory() {
        return directory;
    }

    /** Where a content is, or would be. */
    Path path(String checksum) {
        return directory.resolve(checksum.substring(0, PREFIX_DIGITS)).resolve(checksum);
    }

    /** Whether there is a file of this length, under this checksum; its content isn't looked at. */
    boolean has(SegmentDescriptor file) throws IOException {
        try {
            return Files.size(path(file.checksum())) == file.bytes();
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** Whether there is this content, every byte of it. A file that the disk can't read counts as not there. */
    boolean hasWhole(SegmentDescriptor file) {
        try {
            return file.isContentOf(path(file.checksum()));
        } catch (TooManyOpenFilesException e) {
            throw e;
        } catch (WalIOException e) {
            return false;
        }
    }

    /** Stores a file of a log; replaces what is there. */
    void put(ImageFile source, SegmentDescriptor file, String temporarySuffix) throws IOException {
        Path target = path(file.checksum());
        Path temporary = target.resolveSibling(file.checksum() + temporarySuffix + TEMPORARY_SUFFIX);
        DirectoryForce.create(Objects.requireNonNull(target.getParent()));
        try {
            String written = LogFile.writeNew(temporary, open -> write(source, open));
            if (!written.equals(file.checksum())) {
                throw new ImageChangedException("file of the log was changed while it was copied: name=" + file.name(), null);
            }
            if (!ContentChecksum.of(temporary).finish().equals(file.checksum())) {
                throw new IOException("backup folder gives back other bytes than were written: file=" + temporary + ", name=" + file.name()
                        + "; check the disk of the folder");
            }
            move(temporary, target);
        } catch (IOException e) {
            removeQuietly(temporary, e);
            throw e;
        }
    }

    private static String write(ImageFile source, LogFile.Opened target) throws IOException {
        ContentChecksum checksum = new ContentChecksum();
        AtomicLong offset = new AtomicLong();
        source.read(piece -> {
            checksum.add(piece);
            target.write(offset.getAndAdd(piece.remaining()), piece);
        });
        return checksum.finish();
    }

    /** Removes the file at once, because a full folder needs the room. If that fails, {@link BackupFolder#collect()} removes it later. */
    private static void removeQuietly(Path temporary, IOException failure) {
        try {
            boolean unused = Files.deleteIfExists(temporary);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /** Atomic if the provider can do that. If it can't, checksums show a file that is half there. */
    static void move(Path temporary, Path target) throws IOException {
        try {
            LogFile.rename(temporary, target);
        } catch (AtomicMoveNotSupportedException e) {
            Path unused = Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
