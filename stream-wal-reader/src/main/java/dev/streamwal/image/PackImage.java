package dev.streamwal.image;

import dev.streamwal.io.SegmentBytes;
import dev.streamwal.io.TierFailure;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.manifest.TierObject;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.tier.TierReads;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The packs of a log as files to copy. Only this class decides which of their files belong in a copy. */
public final class PackImage {

    private PackImage() {}

    /**
     * The packs of a manifest, then the manifest and its copy; nothing if the log never had a pack. The catalogue of keys isn't copied: a writer
     * makes it anew. The copy has no tier, because a tier belongs to one log. Packs in the tier are read from there.
     */
    public static List<ImageFile> of(Path root, Manifest manifest, TierReads tier) throws TierFailure {
        List<ImageFile> files = new ArrayList<>();
        for (ListedPack pack : manifest.packsInOrder()) {
            Optional<TierObject> object = manifest.object(pack.number());
            if (object.isPresent()) {
                SegmentBytes bytes = tier.pack(manifest.tier().orElseThrow(), pack, object.get());
                files.add(ImageFile.ofTier(name(root, PackFiles.pack(root, pack.number())), bytes, pack.bytes(),
                        () -> ManifestFile.read(root).object(pack.number()).equals(object)));
            }
        }
        files.addAll(beside(root, manifest));
        return files;
    }

    /** The same without the packs in the tier, for a copy that has them already. */
    public static List<ImageFile> beside(Path root, Manifest manifest) {
        List<ImageFile> files = new ArrayList<>();
        if (!manifest.equals(Manifest.EMPTY)) {
            for (ListedPack pack : manifest.packsInOrder()) {
                if (!manifest.isInTier(pack)) {
                    Path file = PackFiles.pack(root, pack.number());
                    files.add(ImageFile.ofPack(name(root, file), file, pack.bytes()));
                }
            }
            byte[] bytes = ManifestFile.bytes(manifest.withoutTier());
            files.add(ImageFile.of(name(root, ManifestFile.path(root)), bytes));
            files.add(ImageFile.of(name(root, ManifestFile.copy(root)), bytes));
        }
        return files;
    }

    private static String name(Path root, Path file) {
        return PackFiles.DIRECTORY + '/' + root.relativize(file).getFileName();
    }
}
