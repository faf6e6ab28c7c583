package dev.streamwal.packing;

import dev.streamwal.io.TierFailure;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.LogTier;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.TierObject;
import dev.streamwal.tier.TierNames;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Supplier;

/** Stands for the tier of a log that was opened without it: all methods throw. */
record NoTier(Supplier<Manifest> manifest) implements PackedTier {

    @Override
    public void fetch(ListedPack pack) throws IOException {
        throw notGiven(manifest.get().object(pack.number()).map(object -> TierNames.pack(pack.number(), object)).orElse(""));
    }

    @Override
    public void copy(ListedPack pack, TierObject object, Path file) throws IOException {
        throw notGiven(TierNames.pack(pack.number(), object));
    }

    @Override
    public void tidy() throws IOException {
        throw notGiven("");
    }

    private TierFailure notGiven(String object) {
        return new TierFailure("the log has packs in a tier, but was opened without the tier", manifest.get().tier().map(LogTier::location).orElse(""),
                object, "open the log with WalOptions.tier, or with --tier on the command line", null);
    }
}
