package dev.streamwal.catalog;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.pack.PackFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * The manifest of a log, for readers. In the writer's process it is the writer's. In others it is read again if it may have changed. Finding that out takes a
 * call of the file system, as long as a record of a pack that is in memory takes: so who opens many segments asks once, by {@link PacksAtCall}. Thread-safe.
 */
final class ManifestView {

    private final Path root;
    private final @Nullable WriterView writer;

    @GuardedBy("this")
    private final ListingAge age = new ListingAge(System::nanoTime);

    /** The age of the listing of the log's directory, used as long as the log has no packs. */
    @GuardedBy("this")
    private final ListingAge rootAge = new ListingAge(System::nanoTime);

    @GuardedBy("this")
    private Manifest known = Manifest.EMPTY;

    /** How long its file was before it was read. While a change is appended, the file may have its time before it has its bytes. */
    @GuardedBy("this")
    private long knownBytes;

    /** @param writer null in a process that doesn't write the log */
    ManifestView(Path root, @Nullable WriterView writer) {
        this.root = root;
        this.writer = writer;
    }

    /** The present manifest; the same object as before if it is unchanged. */
    Manifest current() throws IOException {
        Manifest ofWriter = writer == null ? null : writer.manifest();
        return ofWriter == null ? ofFile() : ofWriter;
    }

    private synchronized Manifest ofFile() throws IOException {
        if (known == Manifest.EMPTY && !mayHavePacks()) {
            return known;
        }
        BasicFileAttributes now;
        try {
            now = Files.readAttributes(ManifestFile.path(root), BasicFileAttributes.class);
        } catch (NoSuchFileException e) {
            age.forget();
            keep(ManifestFile.read(root));
            return known;
        }
        boolean isCurrent = age.isCurrent(now.lastModifiedTime());
        if (!isCurrent || now.size() != knownBytes) {
            keep(ManifestFile.read(root));
            knownBytes = now.size();
            age.listed();
        }
        return known;
    }

    /** Saves reading a manifest at every call for logs without packs, which have no folder for them. */
    @GuardedBy("this")
    private boolean mayHavePacks() throws IOException {
        try {
            if (rootAge.isCurrent(Files.getLastModifiedTime(root))) {
                return false;
            }
        } catch (NoSuchFileException e) {
            return false;
        }
        if (Files.isDirectory(PackFiles.directory(root))) {
            return true;
        }
        rootAge.listed();
        return false;
    }

    @GuardedBy("this")
    private void keep(Manifest read) {
        if (read.edits() != known.edits()) {
            known = read;
        }
    }
}
