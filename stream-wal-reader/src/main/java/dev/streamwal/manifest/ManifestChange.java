package dev.streamwal.manifest;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What of a manifest has changed, as it is appended to the manifest's file: it is as long as what has changed, and not as what there is.
 *
 * @param edits how many changes there were with it
 * @param highestNumber that a pack was listed with by then
 * @param sharedBelow as the manifest's from then on
 * @param gone numbers of packs that aren't listed any more
 * @param come packs that are listed from then on
 * @param ranges void ones that came; they take the place of those that they cover, and those that concern nothing listed any more have gone
 */
record ManifestChange(long edits, long highestNumber, long sharedBelow, List<Long> gone, List<ListedPack> come, List<VoidRange> ranges) {

    /** Empty where another change was made, of the tier or of what is void: then the whole manifest is written. */
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
