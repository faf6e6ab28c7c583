package dev.streamwal.packing;

import dev.streamwal.manifest.ListedPack;
import java.io.IOException;

/** The log's tier, as far as changes of packs need it. What it does may take long: no caller holds a lock. */
interface PackedTier {

    /** Returns when the pack is in the log's directory, or isn't listed any more. */
    void fetch(ListedPack pack) throws IOException;

    /** Returns when the tier has nothing any more but what the log has in it. */
    void tidy() throws IOException;
}
