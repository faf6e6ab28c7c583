package dev.streamwal.cli;

import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.pack.PackTableFile;
import dev.streamwal.tier.TierNames;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What to do about damage in the packs that are in a log's tier, where no backup of the log helps: a backup has the whole pack, and the log its table alone.
 * Readers name the table's file where that is damaged, and the pack's, which isn't here, where the object in the tier is.
 */
final class PacksInTier {

    private final Manifest manifest;

    private PacksInTier(Manifest manifest) {
        this.manifest = manifest;
    }

    /** Of a directory without a log none. */
    static PacksInTier of(Path root) throws IOException {
        return new PacksInTier(ManifestFile.read(root));
    }

    /** Empty for a file that a backup has, too. */
    Optional<String> advice(@Nullable Path damaged) {
        String name = damaged == null ? "" : Objects.requireNonNull(damaged.getFileName()).toString();
        if (PackFiles.parseTable(name).isPresent()) {
            return Optional.of("the pack is in the log's tier, which has its table, too; " + PackTableFile.ADVICE);
        }
        OptionalLong number = PackFiles.parse(name);
        return number.isEmpty() ? Optional.empty() : manifest.object(number.getAsLong())
                .map(object -> "the pack is in the log's tier, and damaged there: object=" + TierNames.pack(number.getAsLong(), object)
                        + "; put the object back from a copy of the tier, or restore the log from a backup");
    }
}
