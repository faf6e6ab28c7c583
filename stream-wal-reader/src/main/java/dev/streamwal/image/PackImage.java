package dev.streamwal.image;

import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.pack.PackFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The packs of a log as files to copy; the one place that says what of them belongs in a copy. */
public final class PackImage {

    private PackImage() {}

    /** The packs of a manifest, then the manifest and its copy; nothing where the log never had a pack. The catalogue of keys is made anew by a writer. */
    public static List<ImageFile> of(Path root, Manifest manifest) {
        List<ImageFile> files = new ArrayList<>();
        if (!manifest.equals(Manifest.EMPTY)) {
            for (ListedPack pack : manifest.packsInOrder()) {
                Path file = PackFiles.pack(root, pack.number());
                files.add(ImageFile.ofPack(name(root, file), file, pack.bytes()));
            }
            byte[] bytes = ManifestFile.bytes(manifest);
            files.add(ImageFile.of(name(root, ManifestFile.path(root)), bytes));
            files.add(ImageFile.of(name(root, ManifestFile.copy(root)), bytes));
        }
        return files;
    }

    private static String name(Path root, Path file) {
        return PackFiles.DIRECTORY + '/' + root.relativize(file).getFileName();
    }
}
