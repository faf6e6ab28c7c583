package dev.streamwal.manifest;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.FormatException;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.DirectoryListing;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.TwinFile;
import dev.streamwal.pack.PackFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * The file of a manifest, and its copy: {@code packs/manifest} and {@code packs/manifest.copy}.
 *
 * <p>{@link TwinFile} says why either may be read. The packs that a change lists are durable before the change, so a change that was not acknowledged
 * is valid too.
 */
public final class ManifestFile {

    private static final String NAME = "manifest";
    private static final String COPY_NAME = "manifest.copy";
    private static final String TEMPORARY_NAME = ".manifest.tmp";

    private ManifestFile() {}

    /** Path of the file. */
    public static Path path(Path root) {
        return directory(root).resolve(NAME);
    }

    /** Path of its copy. */
    public static Path copy(Path root) {
        return directory(root).resolve(COPY_NAME);
    }

    /**
     * Reads the file, or else its copy.
     *
     * @return the instance {@link Manifest#EMPTY} if there is no manifest, as before a log's first pack
     * @throws CorruptSegmentException if both the file and its copy are damaged; or if both are missing, and there is a pack
     * @throws UnsupportedFormatException if a newer version wrote it
     */
    public static Manifest read(Path root) throws IOException {
        TwinFile<Manifest> twin = twin(root);
        Optional<Manifest> found = twin.read();
        if (found.isEmpty() && isAnyPack(root)) {
            // a log gets its manifest before its first pack: both may have come since the first look
            found = twin.read();
            if (found.isEmpty()) {
                throw twin.damaged("is missing", null);
            }
        }
        return found.orElse(Manifest.EMPTY);
    }

    private static TwinFile<Manifest> twin(Path root) {
        return new TwinFile<>("list of packs", "restore the log from a backup: with an older list alone, packs that were written since would be deleted",
                path(root), copy(root), ManifestLayout.MAX_BYTES, ManifestLayout::decode);
    }

    private static boolean isAnyPack(Path root) throws IOException {
        try {
            return DirectoryListing.any(directory(root), file -> PackFiles.parse(file.getFileName().toString()).isPresent());
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** Whether the file can be read, and has this manifest. */
    static boolean isFirst(Path root, Manifest manifest) throws IOException {
        return isThere(root, path(root), manifest);
    }

    /** Whether the copy can be read, and has this manifest. */
    static boolean isCopied(Path root, Manifest manifest) throws IOException {
        return isThere(root, copy(root), manifest);
    }

    private static boolean isThere(Path root, Path file, Manifest manifest) throws IOException {
        return twin(root).readOnly(file).filter(found -> found.edits() == manifest.edits()).isPresent();
    }

    /** After this method has returned, the file has this encoded manifest durably. After it has thrown, the file has this one or the one before. */
    static void write(Path root, Path file, ByteBuffer bytes) throws IOException {
        LogFile.replace(directory(root).resolve(TEMPORARY_NAME), file, open -> open.write(0, bytes.duplicate()));
    }

    /**
     * Writes a manifest when the disk has no room for another file. It overwrites the copy, which has the room, and renames the copy to the file.
     * Then there is no copy. After this method has returned, the file has this manifest durably. After it has thrown, the file has this manifest or
     * the one before.
     *
     * <p>Why there is a whole manifest at every moment: the copy is overwritten only if the file can be read, and the file is replaced by a rename
     * only after the copy was forced. If a crash leaves the copy half written, the file can be read, and the copy is written anew at the next
     * opening.
     *
     * @throws IOException if there is no copy, the file can't be read, or the manifest needs more room than the copy has
     */
    static void writeOverCopy(Path root, Manifest manifest) throws IOException {
        Path file = path(root);
        Path copy = copy(root);
        if (twin(root).readOnly(file).isEmpty()) {
            throw new IOException("disk is full, and the list of packs can't be read, so its copy must stay: file=" + file + ", copy=" + copy
                    + "; free some space and try again");
        }
        ByteBuffer bytes = ManifestLayout.encode(manifest);
        int length = bytes.limit();
        try (LogFile open = new LogFile(copy, StandardOpenOption.WRITE)) {
            open.together(opened -> {
                opened.write(0, bytes.duplicate());
                opened.truncate(length);
                opened.force();
            });
        }
        LogFile.rename(copy, file);
        DirectoryForce.force(directory(root));
    }

    /** Deletes the copy. Needs no room. */
    static void deleteCopy(Path root) throws IOException {
        if (Files.deleteIfExists(copy(root))) {
            DirectoryForce.force(directory(root));
        }
    }

    /** The content of a file with this manifest. */
    public static byte[] bytes(Manifest manifest) {
        ByteBuffer encoded = ManifestLayout.encode(manifest);
        byte[] bytes = new byte[encoded.limit()];
        encoded.get(0, bytes);
        return bytes;
    }

    /**
     * The manifest with this content.
     *
     * @throws FormatException if it is damaged, or a newer version's
     */
    public static Manifest manifest(byte[] bytes) throws FormatException {
        return ManifestLayout.decode(bytes);
    }

    /** Directory of the file. */
    static Path directory(Path root) {
        return PackFiles.directory(root);
    }
}
