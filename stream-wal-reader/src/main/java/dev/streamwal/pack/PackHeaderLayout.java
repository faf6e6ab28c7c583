package dev.streamwal.pack;

import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.Window;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A pack's first bytes, little-endian. The first 88 are those of a {@link SegmentHeaderLayout segment} of another version, so that what knows
 * segments only calls a pack unsupported, not damaged.
 *
 * <pre>
 *   0  8  magic             "NANO-LOG"
 *   8  8  expiration        epoch ms
 *  16  6  extension magic   "STRMvP"
 *  22  2  header length     128
 *  24  4  header checksum   CRC32C over [0, 128) with this field as zero
 *  28  4  feature flags     low half: who doesn't know a set bit refuses the file; high half: may be ignored
 *  32  8  window start      epoch ms, inclusive
 *  40  8  window end        epoch ms, exclusive
 *  48  8  lowest base       the smallest stream position at which a part begins
 *  56  8  highest end       the largest stream position at which a part ends
 *  64  8  incarnation       of the log, when the pack was made
 *  72  8  salt              random
 *  80  8  created           epoch ms by the writer's clock
 *  88  8  pack number       never given twice
 *  96  8  log id
 * 104  4  class id          of the streams whose data expire together
 * 108  4  level             how often the records were packed and merged
 * 112  4  codecs            bit n: parts with codec n may be in it
 * 116 12  zero
 * </pre>
 */
public final class PackHeaderLayout {

    static final int MAGIC = 0;
    static final int EXPIRATION = 8;
    static final int EXTENSION_MAGIC = 16;
    static final int HEADER_LENGTH = 22;
    static final int HEADER_CHECKSUM = 24;
    static final int FEATURE_FLAGS = 28;
    static final int WINDOW_START = 32;
    static final int WINDOW_END = 40;
    static final int LOWEST_BASE = 48;
    static final int HIGHEST_END = 56;
    static final int INCARNATION = 64;
    static final int SALT = 72;
    static final int CREATED = 80;
    static final int PACK_NUMBER = 88;
    static final int LOG_ID = 96;
    static final int CLASS_ID = 104;
    static final int LEVEL = 108;
    static final int CODECS = 112;
    /** Where the parts begin. */
    public static final int BYTES = 128;

    /** Required feature: it is a pack. */
    public static final int PACK = 1;
    /** Required feature, reserved: some parts are stored in columns. */
    public static final int COLUMNS = 1 << 1;
    /** Required feature, reserved: some parts are encrypted. */
    public static final int ENCRYPTED = 1 << 2;

    private static final int REQUIRED_FEATURES_MASK = 0xFFFF;
    private static final int ZERO = 116;
    /** "NANO-LOG". */
    private static final long MAGIC_VALUE = 0x474F_4C2D_4F4E_414EL;
    /** "STRMvP". */
    private static final long EXTENSION_VALUE = 0x5076_4D52_5453L;
    private static final long EXTENSION_MASK = 0xFFFF_FFFF_FFFFL;

    private PackHeaderLayout() {}

    static ByteBuffer encode(PackHeader header) {
        ByteBuffer out = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(MAGIC, MAGIC_VALUE);
        out.putLong(EXPIRATION, header.expirationMillis());
        out.putLong(EXTENSION_MAGIC, EXTENSION_VALUE | (long) BYTES << 48);
        out.putInt(FEATURE_FLAGS, header.featureFlags());
        out.putLong(WINDOW_START, header.window().startMillis());
        out.putLong(WINDOW_END, header.window().endMillis());
        out.putLong(LOWEST_BASE, header.lowestBase());
        out.putLong(HIGHEST_END, header.highestEnd());
        out.putLong(INCARNATION, header.incarnation());
        out.putLong(SALT, header.salt());
        out.putLong(CREATED, header.createdMillis());
        out.putLong(PACK_NUMBER, header.packNumber());
        out.putLong(LOG_ID, header.logId());
        out.putInt(CLASS_ID, header.classId());
        out.putInt(LEVEL, header.level());
        out.putInt(CODECS, header.codecs());
        out.putInt(HEADER_CHECKSUM, PackChecksum.without(out, 0, BYTES, HEADER_CHECKSUM));
        return out;
    }

    /** @param source little-endian, the whole header from index 0 on */
    static PackHeader decode(ByteBuffer source) throws FormatException {
        check(source.getLong(MAGIC) == MAGIC_VALUE, "a pack starts with \"NANO-LOG\"", source.getLong(MAGIC));
        long extension = source.getLong(EXTENSION_MAGIC) & EXTENSION_MASK;
        check(extension == EXTENSION_VALUE, "a pack's header goes on with \"STRMvP\"", extension);
        int length = source.getShort(HEADER_LENGTH) & 0xFFFF;
        check(length == BYTES, "a pack's header has " + BYTES + " bytes", length);
        int checksum = source.getInt(HEADER_CHECKSUM);
        check(checksum == PackChecksum.without(source, 0, BYTES, HEADER_CHECKSUM), "the checksum of a pack's header is right", checksum);
        int features = source.getInt(FEATURE_FLAGS);
        checkFeatures(features);
        long windowStart = source.getLong(WINDOW_START);
        long windowEnd = source.getLong(WINDOW_END);
        check(windowStart < windowEnd, "a window ends after it starts, at " + windowStart, windowEnd);
        long lowestBase = source.getLong(LOWEST_BASE);
        check(lowestBase >= 0, "positions are not negative", lowestBase);
        check(source.getLong(HIGHEST_END) >= lowestBase, "parts end at or behind " + lowestBase, source.getLong(HIGHEST_END));
        check(source.getLong(EXPIRATION) >= 0, "an expiration is not negative", source.getLong(EXPIRATION));
        check(source.getLong(PACK_NUMBER) >= 0, "a pack's number is not negative", source.getLong(PACK_NUMBER));
        int level = source.getInt(LEVEL);
        check(level >= 0 && level <= 255, "a level is 0 to 255", level);
        check(source.getInt(ZERO) == 0 && source.getLong(ZERO + Integer.BYTES) == 0, "a pack's header ends with zeros", source.getInt(ZERO));
        return new PackHeader(new Window(windowStart, windowEnd), source.getLong(EXPIRATION), lowestBase, source.getLong(HIGHEST_END),
                source.getLong(INCARNATION), source.getLong(SALT), source.getLong(CREATED), source.getLong(PACK_NUMBER),
                source.getLong(LOG_ID), source.getInt(CLASS_ID), level, source.getInt(CODECS), features);
    }

    /** Of the header, and of the footer, which repeats them. */
    static void checkFeatures(int features) throws FormatException {
        check((features & PACK) != 0, "a pack has the feature PACK", features);
        int unknown = features & REQUIRED_FEATURES_MASK & ~PACK;
        if (unknown != 0) {
            throw FormatException.unsupported("the pack needs features this version doesn't know:" + ((unknown & COLUMNS) != 0 ? " COLUMNS" : "")
                    + ((unknown & ENCRYPTED) != 0 ? " ENCRYPTED" : "") + " featureFlags=0x" + Integer.toHexString(features)
                    + "; read it with the version that wrote it, or a newer one");
        }
    }

    static void check(boolean fact, String rule, long actual) throws FormatException {
        if (!fact) {
            throw FormatException.corrupt(rule + ": actual=" + actual);
        }
    }
}
