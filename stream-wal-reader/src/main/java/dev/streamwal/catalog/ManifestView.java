package dev.streamwal.catalog;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.pack.PackFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;

/** The manifest of a log, for readers; read again only where it may have changed. Thread-safe. */
final class ManifestView {

    private final Path root;

    @GuardedBy("this")
    private final ListingAge age = new ListingAge(System::nanoTime);

    @GuardedBy("this")
    private Manifest known = Manifest.EMPTY;

    ManifestView(Path root) {
        this.root = root;
    }

    /** The present manifest; the same object as before if it is unchanged. */
    synchronized Manifest current() throws IOException {
        if (known == Manifest.EMPTY && hasNoPacks()) {
            return known;
        }
        FileTime now;
        try {
            now = Files.getLastModifiedTime(ManifestFile.path(root));
        } catch (NoSuchFileException e) {
            age.forget();
            keep(ManifestFile.read(root));
            return known;
        }
        if (!age.isCurrent(now)) {
            keep(ManifestFile.read(root));
            age.listed();
        }
        return known;
    }

    /** Spares logs without packs the reading of a manifest at every call. */
    private boolean hasNoPacks() throws IOException {
        try {
            FileTime unused = Files.getLastModifiedTime(PackFiles.directory(root));
            return false;
        } catch (NoSuchFileException e) {
            return true;
        }
    }

    @GuardedBy("this")
    private void keep(Manifest read) {
        if (read.edits() != known.edits()) {
            known = read;
        }
    }
}
