package dev.streamwal.packing;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.pack.PackFooter;
import java.io.IOException;

/** The tables of the packs in the log's directory, by their packs' footers. */
record PackTables(PackStore store) implements MergePlan.Tables {

    /** Smaller packs aren't opened for this: as many as one merge takes have room in one table. */
    private static final long SMALL_BYTES = MAX_BYTES / Packer.MAX_MERGED_PACKS;

    @Override
    public long bytes(ListedPack pack) {
        if (pack.bytes() <= SMALL_BYTES) {
            return pack.bytes();
        }
        try {
            PackFooter footer = store.reader(pack).footer();
            return footer.indexOffset() - footer.tableOffset();
        } catch (IOException | CorruptSegmentException | UnsupportedFormatException e) {
            // a merge of the pack finds out, and reports it
            return 0;
        }
    }
}
