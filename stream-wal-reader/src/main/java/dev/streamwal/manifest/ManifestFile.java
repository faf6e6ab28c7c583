package dev.streamwal.manifest;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
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
import java.util.List;
import java.util.Optional;

/**
 * The file of a manifest, and its copy: {@code packs/manifest} and {@code packs/manifest.copy}. A change is appended to both, or they are replaced.
 *
 * <p>{@link TwinFile} says why either may be read. The packs that a change lists are durable before it, so a change that was not acknowledged is valid too.
 *
 * <p><b>Why no change is lost when one is appended.</b> A crash while a change is appended to the file may leave a part of it there. Then the file
 * doesn't verify, and the copy is read. The copy has all earlier changes durably, because nothing is appended to the file before the copy has the
 * change before. When a change is appended to the copy, the file has it durably, and the file is read. A file that doesn't verify is never appended to,
 * but replaced. Each change has a higher number than what stands before it in the file, so old bytes at the same place of the disk are never taken for
 * a change.
 */
public final class ManifestFile {

    private static final String NAME = "manifest";
    private static final String COPY_NAME = "manifest.copy";
    private static final String TEMPORARY_NAME = ".manifest.tmp";

    /** A slow reader may find a change half appended to the file, and after that half appended to the copy. */
    private static final int MAX_READS = 5;

    /**
     * A manifest as it stands in a file.
     *
     * @param wholeBytes bytes of the file without what was appended
     * @param bytes all bytes of the file
     * @param saysLength whether the manifest says how long it is without its changes; if not, a change that is appended would be taken for a part of it
     */
    record Written(Manifest manifest, int wholeBytes, int bytes, boolean saysLength) {

        private static Written decode(byte[] file) throws FormatException {
            return new Written(ManifestLayout.decode(file), ManifestLayout.wholeBytes(file), file.length, ManifestLayout.saysLength(file));
        }

        /** The offset to append at; 0 if nothing may be appended. */
        int bytesToAppendTo() {
            return saysLength ? bytes : 0;
        }

        boolean isAppendedTo() {
            return bytes > wholeBytes;
        }
    }

    private ManifestFile() {}

    public static Path path(Path root) {
        return PackFiles.directory(root).resolve(NAME);
    }

    public static Path copy(Path root) {
        return PackFiles.directory(root).resolve(COPY_NAME);
    }

    /**
     * Reads the file, or else its copy.
     *
     * @return the instance {@link Manifest#EMPTY} if there is no manifest, as before a log's first pack
     * @throws CorruptSegmentException if both the file and its copy are damaged; or if both are missing, and there is a pack
     * @throws UnsupportedFormatException if a newer version wrote it
     */
    public static Manifest read(Path root) throws IOException {
        TwinFile<Written> twin = twin(root);
        Optional<Written> found = read(twin);
        if (found.isEmpty() && isAnyPack(root)) {
            // a log gets its manifest before its first pack: both may have come since the first look
            found = read(twin);
            if (found.isEmpty()) {
                throw twin.damaged("is missing", null);
            }
        }
        return found.isEmpty() ? Manifest.EMPTY : found.get().manifest();
    }

    /**
     * Why the file and its copy can't be read, one by one; {@link #read} tells of damage to both only. While a writer runs, a change that is half appended at
     * that moment looks like damage.
     *
     * @throws UnsupportedFormatException if a newer version wrote one
     */
    public static List<WalException> damage(Path root) throws IOException {
        return twin(root).damage();
    }

    private static Optional<Written> read(TwinFile<Written> twin) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                Optional<Written> found = twin.read();
                return found.isEmpty() ? found : Optional.of(newer(found.get(), twin));
            } catch (CorruptSegmentException e) {
                if (attempt == MAX_READS) {
                    throw e;
                }
            }
        }
    }

    /** The content of the copy if that has more changes: a file that was cut between two changes doesn't show that there was another one. */
    private static Written newer(Written found, TwinFile<Written> twin) throws IOException {
        if (length(twin.copy()) <= found.bytes()) {
            return found;
        }
        return twin.readOnly(twin.copy()).filter(copy -> copy.manifest().edits() > found.manifest().edits()).orElse(found);
    }

    private static long length(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            // as good as none
            return 0;
        }
    }

    private static TwinFile<Written> twin(Path root) {
        return new TwinFile<>("list of packs", "restore the log from a backup: an older list alone would have packs deleted that were written since",
                path(root), copy(root), ManifestLayout.MAX_BYTES, Written::decode);
    }

    private static boolean isAnyPack(Path root) throws IOException {
        try {
            return DirectoryListing.any(PackFiles.directory(root), file -> PackFiles.parse(file.getFileName().toString()).isPresent());
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** The content of the file or its copy, if it can be read and has as many changes as a manifest. */
    static Optional<Written> written(Path root, Path file, Manifest manifest) throws IOException {
        return twin(root).readOnly(file).filter(found -> found.manifest().edits() == manifest.edits());
    }

    /** After this method has returned, the file has this encoded manifest durably. After it has thrown, the file has this one or the one before. */
    static void write(Path root, Path file, ByteBuffer bytes) throws IOException {
        LogFile.replace(PackFiles.directory(root).resolve(TEMPORARY_NAME), file, open -> open.write(0, bytes.duplicate()));
    }

    /** Throws if the file hasn't this length: then another process has changed it, and nothing of it may be cut. */
    static void checkLength(Path file, long length) throws IOException {
        long bytes = Files.size(file);
        if (bytes != length) {
            throw changedElsewhere(file, bytes, length);
        }
    }

    private static IOException changedElsewhere(Path file, long bytes, long expected) {
        return new IOException("list of packs was changed by another process: file=" + file + ", bytes=" + bytes + ", expected=" + expected);
    }

    /**
     * Appends a change to the file or its copy. When this returns, it is there durably; when it throws, a part of it may be there.
     *
     * @param length that the file has
     */
    static void append(Path file, long length, ByteBuffer change) throws IOException {
        try (LogFile open = new LogFile(file, StandardOpenOption.WRITE)) {
            open.together(opened -> {
                // longer than before if an interrupt has cut a first attempt of this write short
                if (opened.size() < length || opened.size() > length + change.limit()) {
                    throw changedElsewhere(file, opened.size(), length);
                }
                opened.write(length, change.duplicate());
                opened.force();
            });
        }
    }

    /** Removes a change of which a part was appended. Needs no room. */
    static void cut(Path file, long length) throws IOException {
        try (LogFile open = new LogFile(file, StandardOpenOption.WRITE)) {
            open.together(opened -> {
                opened.truncate(length);
                opened.force();
            });
        }
    }

    /**
     * Writes a manifest if the disk has no room for another file: over the copy, which has room for it. Then it renames the copy to the file, and there
     * is no copy any more. When this returns, the file has this manifest durably; when it throws, it has this manifest or the one before.
     *
     * <p>Why there is a whole manifest at every moment: the copy is overwritten only if the file can be read, and the file is replaced by a rename
     * only after the copy was forced. If a crash leaves the copy half written, the file can be read, and the copy is written anew at the next
     * opening.
     *
     * @throws IOException if there is no copy, the file can't be read, or the manifest needs more room than the copy has
     */
    static void writeOverCopy(Path root, ByteBuffer bytes) throws IOException {
        Path file = path(root);
        Path copy = copy(root);
        if (twin(root).readOnly(file).isEmpty()) {
            throw new IOException("disk is full, and the list of packs can't be read, so its copy must stay: file=" + file + ", copy=" + copy
                    + "; free some space and try again");
        }
        writeOver(copy, bytes);
        LogFile.rename(copy, file);
        DirectoryForce.force(PackFiles.directory(root));
    }

    /**
     * Overwrites a file in place. The file may be damaged until that is done, so the other one must have what counts. Needs no more room than the file
     * has.
     *
     * @throws IOException if the manifest needs more room, or there is no such file
     */
    static void writeOver(Path file, ByteBuffer bytes) throws IOException {
        int length = bytes.limit();
        try (LogFile open = new LogFile(file, StandardOpenOption.WRITE)) {
            open.together(opened -> {
                opened.write(0, bytes.duplicate());
                opened.truncate(length);
                opened.force();
            });
        }
    }

    /** Deletes the copy. Needs no room. */
    static void deleteCopy(Path root) throws IOException {
        if (Files.deleteIfExists(copy(root))) {
            DirectoryForce.force(PackFiles.directory(root));
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
}
