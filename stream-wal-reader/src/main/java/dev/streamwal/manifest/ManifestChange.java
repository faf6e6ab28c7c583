package dev.streamwal.manifest;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A change of a manifest, as it is appended to the manifest's file. Its length goes by what has changed, not by how much the manifest has.
 *
 * @param edits number of changes so far, including this one
 * @param highestNumber the highest number that a pack was listed with, up to this change
 * @param sharedBelow the manifest's after this change
 * @param gone numbers of packs that aren't listed any more
 * @param come packs that are listed from then on
 * @param ranges void ranges that came. They replace the ranges that they cover; ranges that concern nothing listed any more are dropped
 */
record ManifestChange(long edits, long highestNumber, long sharedBelow, List<Long> gone, List<ListedPack> come, List<VoidRange> ranges) {

    /** Empty if something else has changed, such as the tier, or void ranges that were dropped: then the whole manifest is written. */
    static Optional<ManifestChange> between(Manifest before, Manifest after) {
        List<ListedPack> come = new ArrayList<>();
        for (ListedPack pack : after.packsInOrder()) {
            if (before.pack(pack.number()).isEmpty()) {
                come.add(pack);
            }
        }
        List<Long> gone = before.packsInOrder().stream().map(ListedPack::number).filter(number -> after.pack(number).isEmpty()).toList();
        ManifestChange change = new ManifestChange(after.edits(), after.highestNumber(), after.sharedBelow(), gone, come, after.voidRangesSince(before));
        return before.changed(change).isSame(after) ? Optional.of(change) : Optional.empty();
    }
}
