package dev.streamwal.packing;

import dev.streamwal.io.TierFailure;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.TierObject;
import java.io.IOException;
import java.nio.file.Path;

/** The log's tier, as far as changes of packs need it. Its calls may take long: no caller holds a lock. */
interface PackedTier {

    /** Returns when the pack is in the log's directory, or isn't listed any more. */
    void fetch(ListedPack pack) throws IOException;

    /**
     * Copies a pack from the tier into a new file, checked and durable except for its name; if it throws, there is no such file.
     *
     * @throws TierFailure if the tier fails
     */
    void copy(ListedPack pack, TierObject object, Path file) throws IOException;

    /** Returns when the tier has nothing except what the log has in it. */
    void tidy() throws IOException;
}
