package dev.streamwal.manifest;

import dev.streamwal.format.Window;
import dev.streamwal.pack.PackFooter;
import dev.streamwal.pack.PackHeader;

/**
 * A pack of a log, with the facts that are needed without opening it.
 *
 * @param number never given twice in a log
 * @param window of all of its segments
 * @param expirationMillis epoch ms from which on all of its segments may be deleted
 * @param optionsHash of the options that gave its segments their window and expiration; {@link #OTHER_OPTIONS} if these weren't the options in force
 *     when the pack was made
 * @param level how often its records were packed and merged
 * @param isCompressed whether frames are stored by column, if that takes less room
 * @param bytes of the file
 * @param segments in it
 * @param records in it
 */
public record ListedPack(
        long number, Window window, long expirationMillis, long optionsHash, int level, boolean isCompressed, long bytes,
        long segments, long records) {

    /** The options are unknown. */
    public static final long OTHER_OPTIONS = 0;

    public ListedPack {
        if (number < 1 || expirationMillis < 0 || level < 0 || bytes < 1 || segments < 1 || records < 0) {
            throw new IllegalArgumentException("listed pack has no number, bytes or segments, or a negative value: number=" + number + ", expiration="
                    + expirationMillis + ", level=" + level + ", bytes=" + bytes + ", segments=" + segments + ", records=" + records);
        }
    }

    /** A pack that was written. */
    public static ListedPack of(PackHeader header, PackFooter footer) {
        return new ListedPack(header.number(), header.window(), header.expirationMillis(), header.optionsHash(), header.level(),
                header.isInBlocks(), footer.fileLength(), footer.segments(), footer.records());
    }

    /** Whether streams have windows, and the windows expire, in the same order in this pack and in a pack with that hash. */
    public boolean isOfSameOptions(long otherHash) {
        return optionsHash == otherHash && optionsHash != OTHER_OPTIONS;
    }
}
