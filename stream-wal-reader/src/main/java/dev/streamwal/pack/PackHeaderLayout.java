package dev.streamwal.pack;

import static dev.streamwal.format.FormatException.check;

import dev.streamwal.format.Checksums;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.Window;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A pack's first bytes, little-endian. They begin as those of a {@link SegmentHeaderLayout segment} of another version, so that a reader that
 * knows only segments reports a pack as unsupported, not as damaged.
 *
 * <pre>
 *   0  8  magic             "NANO-LOG"
 *   8  8  expiration        epoch ms
 *  16  6  extension magic   "STRMvP"
 *  22  2  header length     88
 *  24  4  header checksum   CRC32C over [0, 88) with this field as zero
 *  28  4  feature flags     low half: a reader that doesn't know a set bit refuses the file; high half: may be ignored.
 *                           1: the table has spreads; bit 16: a segment may have the bit AFTER_DAMAGE
 *  32  8  window start      epoch ms, inclusive
 *  40  8  window end        epoch ms, exclusive
 *  48  8  number            of the pack, never given twice
 *  56  8  options hash      of the options under which it was made
 *  64  8  incarnation       of the log, when the pack was made
 *  72  8  created           epoch ms by the writer's clock
 *  80  4  level             how often the segments were merged
 *  84  4  codec             0: frames as they are; 1: in blocks where they take less so; others are reserved
 * </pre>
 */
final class PackHeaderLayout {

    static final int MAGIC = 0;
    static final int EXPIRATION = 8;
    static final int EXTENSION_MAGIC = 16;
    static final int HEADER_LENGTH = 22;
    static final int HEADER_CHECKSUM = 24;
    static final int FEATURE_FLAGS = 28;
    static final int WINDOW_START = 32;
    static final int WINDOW_END = 40;
    static final int NUMBER = 48;
    static final int OPTIONS_HASH = 56;
    static final int INCARNATION = 64;
    static final int CREATED = 72;
    static final int LEVEL = 80;
    static final int CODEC = 84;
    /** Bytes of the header; the segments begin behind it. */
    static final int BYTES = 88;

    private static final int IN_BLOCKS = 1;

    private static final int REQUIRED_FEATURES_MASK = 0xFFFF;
    private static final int SPREADS = 1;
    private static final int AFTER_DAMAGE = 1 << 16;
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
        out.putInt(FEATURE_FLAGS, (header.hasSpreads() ? SPREADS : 0) | (header.isAfterDamage() ? AFTER_DAMAGE : 0));
        out.putLong(WINDOW_START, header.window().startMillis());
        out.putLong(WINDOW_END, header.window().endMillis());
        out.putLong(NUMBER, header.number());
        out.putLong(OPTIONS_HASH, header.optionsHash());
        out.putLong(INCARNATION, header.incarnation());
        out.putLong(CREATED, header.createdMillis());
        out.putInt(LEVEL, header.level());
        out.putInt(CODEC, header.isInBlocks() ? IN_BLOCKS : 0);
        out.putInt(HEADER_CHECKSUM, Checksums.without(out, 0, BYTES, HEADER_CHECKSUM));
        return out;
    }

    /** @param source little-endian, the whole header from index 0 on */
    static PackHeader decode(ByteBuffer source) throws FormatException {
        check(source.getLong(MAGIC) == MAGIC_VALUE, "pack doesn't start with \"NANO-LOG\"", source.getLong(MAGIC));
        long extension = source.getLong(EXTENSION_MAGIC) & EXTENSION_MASK;
        check(extension == EXTENSION_VALUE, "pack header has no \"STRMvP\" behind its first 16 bytes", extension);
        int length = source.getShort(HEADER_LENGTH) & 0xFFFF;
        check(length == BYTES, "pack header's length isn't " + BYTES + " bytes", length);
        int checksum = source.getInt(HEADER_CHECKSUM);
        check(checksum == Checksums.without(source, 0, BYTES, HEADER_CHECKSUM), "checksum mismatch of a pack's header", checksum);
        int features = source.getInt(FEATURE_FLAGS);
        int codec = source.getInt(CODEC);
        if ((features & REQUIRED_FEATURES_MASK & ~SPREADS) != 0 || (codec != 0 && codec != IN_BLOCKS)) {
            throw FormatException.unsupported("pack needs features that this version doesn't know: featureFlags=0x"
                    + Integer.toHexString(features) + ", codec=" + codec, "read it with the version that wrote it, or a newer one");
        }
        long start = source.getLong(WINDOW_START);
        check(start < source.getLong(WINDOW_END), "window doesn't end after its start", source.getLong(WINDOW_END));
        check(source.getLong(EXPIRATION) >= 0, "expiration is negative", source.getLong(EXPIRATION));
        check(source.getLong(NUMBER) >= 0, "pack number is negative", source.getLong(NUMBER));
        int level = source.getInt(LEVEL);
        check(level >= 0 && level <= PackHeader.MAX_LEVEL, "level is outside 0 to " + PackHeader.MAX_LEVEL, level);
        return new PackHeader(source.getLong(NUMBER), new Window(start, source.getLong(WINDOW_END)), source.getLong(EXPIRATION),
                source.getLong(OPTIONS_HASH), level, source.getLong(CREATED), source.getLong(INCARNATION), codec == IN_BLOCKS,
                (features & SPREADS) != 0, (features & AFTER_DAMAGE) != 0);
    }
}
