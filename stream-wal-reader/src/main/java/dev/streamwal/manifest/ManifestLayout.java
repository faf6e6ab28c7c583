package dev.streamwal.manifest;

import static dev.streamwal.format.FormatException.check;

import dev.streamwal.format.Checksums;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A manifest's file, little-endian.
 *
 * <pre>
 *   0  8  magic           "STRMMAN1"; "STRMMAN2" where the log has a tier
 *   8  4  checksum        CRC32C over [12, length)
 *  12  4  packs           how many
 *  16  4  void ranges     how many
 *  20  4  length          of the manifest with its tier; changes may stand behind it. 0: of the whole file
 *  24  8  edits           how many changes there were
 *  32  8  highest number  that a pack was ever listed with
 *  40  8  shared below    position of the shared stream: shared segments that begin before it are packed
 *  48     packs of 72 bytes, void ranges, tier
 *
 *   pack                              void range
 *   0  8  number                      0  8  from          base position
 *   8  8  window start                8  8  to            base position
 *  16  8  window end                 16  8  packs below   number
 *  24  8  expiration                 24  8  shared below  position of the shared stream
 *  32  8  options hash               32  2  key length
 *                                    34     key           UTF-8
 *  40  4  level
 *  44  4  1 if it is compressed, else 0
 *  48  8  bytes
 *  56  8  segments
 *  64  8  records
 *
 *   tier                              pack in the tier
 *   0 16  id                          0  8  number
 *  16  4  location length             8  8  nonce         second half of its object's name
 *  20  4  packs in it                16  4  checksum      of its object
 *  24  8  serial                      20  4  zero
 *  32     location      UTF-8
 *         packs in it, of 24 bytes, by ascending number
 *
 *   change, as many as there are up to the file's end
 *   0  4  length          of the change
 *   4  4  checksum        CRC32C over [8, length)
 *   8  8  edits           more than before
 *  16  8  highest number
 *  24  8  shared below
 *  32  4  packs come      how many
 *  36  4  packs gone      how many
 *  40  4  void ranges     how many
 *  44  4  zero
 *  48     packs come, numbers of packs gone (8 bytes each), void ranges
 * </pre>
 */
final class ManifestLayout {

    /** Bytes before the packs: the magic, and the counts that bound the rest. */
    private static final int FIXED_BYTES = 48;
    private static final int PACK_BYTES = 72;
    private static final int RANGE_BYTES = 34;
    private static final int TIER_BYTES = 32;
    private static final int OBJECT_BYTES = 24;

    private static final int CHECKSUM = 8;
    private static final int PACKS = 12;
    private static final int RANGES = 16;
    private static final int LENGTH = 20;
    private static final int EDITS = 24;
    private static final int HIGHEST = 32;
    private static final int SHARED_BELOW = 40;

    /** Bytes of a change before its packs, and offsets of its fields. */
    private static final int CHANGE_BYTES = 48;
    private static final int CHANGE_CHECKSUM = 4;
    private static final int CHANGE_EDITS = 8;
    private static final int CHANGE_COME = 32;
    private static final int CHANGE_GONE = 36;
    private static final int CHANGE_RANGES = 40;
    private static final int CHANGE_ZERO = 44;

    private static final int COMPRESSED = 1;
    private static final byte[] NO_LOCATION = {};

    /** Longest manifest without its changes. */
    private static final int MAX_WHOLE_BYTES = FIXED_BYTES + Manifest.MAX_PACKS * PACK_BYTES + Manifest.MAX_VOID_RANGES * (RANGE_BYTES + StreamKey.MAX_BYTES)
            + TIER_BYTES + LogTier.MAX_LOCATION_BYTES + Manifest.MAX_PACKS * OBJECT_BYTES;

    /** Changes may always take this many bytes, however short the manifest is. */
    private static final int MIN_CHANGES_BYTES = 64 << 10;
    private static final int MAX_CHANGES_BYTES = 1 << 28;

    /** No manifest's file is longer. */
    static final int MAX_BYTES = MAX_WHOLE_BYTES + MAX_CHANGES_BYTES;

    /** "STRMMAN1". */
    private static final long MAGIC_VALUE = 0x314E_414D_4D52_5453L;
    /** "STRMMAN2": a version that doesn't know tiers must not take a pack in a tier for a missing one. */
    private static final long TIERED_MAGIC_VALUE = 0x324E_414D_4D52_5453L;
    /** "STRMMAN" and any version. */
    private static final long ANY_VERSION_MASK = 0xFF_FFFF_FFFF_FFFFL;

    private ManifestLayout() {}

    static ByteBuffer encode(Manifest manifest) {
        List<VoidRange> ranges = manifest.voidRanges();
        int rangeBytes = ranges.stream().mapToInt(range -> RANGE_BYTES + range.key().utf8Length()).sum();
        byte[] location = manifest.tier().map(tier -> tier.location().getBytes(StandardCharsets.UTF_8)).orElse(NO_LOCATION);
        int tierBytes = manifest.tier().isEmpty() ? 0 : TIER_BYTES + location.length + manifest.objects().size() * OBJECT_BYTES;
        ByteBuffer out = ByteBuffer.allocate(FIXED_BYTES + manifest.packsInOrder().size() * PACK_BYTES + rangeBytes + tierBytes)
                .order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(manifest.tier().isEmpty() ? MAGIC_VALUE : TIERED_MAGIC_VALUE).putInt(0);
        out.putInt(manifest.packsInOrder().size()).putInt(ranges.size()).putInt(out.capacity());
        out.putLong(manifest.edits()).putLong(manifest.highestNumber()).putLong(manifest.sharedBelow());
        manifest.packsInOrder().forEach(pack -> put(pack, out));
        ranges.forEach(range -> put(range, out));
        manifest.tier().ifPresent(tier -> {
            out.putLong(tier.id().high()).putLong(tier.id().low());
            out.putInt(location.length).putInt(manifest.objects().size()).putLong(tier.serial()).put(location);
            new TreeMap<>(manifest.objects()).forEach((number, object) ->
                    out.putLong(number).putLong(object.nonce()).putInt(object.checksum()).putInt(0));
        });
        return out.putInt(CHECKSUM, Checksums.of(out, PACKS, out.capacity())).flip();
    }

    private static void put(ListedPack pack, ByteBuffer out) {
        out.putLong(pack.number()).putLong(pack.window().startMillis()).putLong(pack.window().endMillis());
        out.putLong(pack.expirationMillis()).putLong(pack.optionsHash()).putInt(pack.level()).putInt(pack.isCompressed() ? COMPRESSED : 0);
        out.putLong(pack.bytes()).putLong(pack.segments()).putLong(pack.records());
    }

    private static void put(VoidRange range, ByteBuffer out) {
        out.putLong(range.from()).putLong(range.to()).putLong(range.packsBelow()).putLong(range.sharedBelow());
        out.putShort((short) range.key().utf8Length()).put(range.key().utf8());
    }

    /** A change, to be appended. */
    static ByteBuffer encode(ManifestChange change) {
        int rangeBytes = change.ranges().stream().mapToInt(range -> RANGE_BYTES + range.key().utf8Length()).sum();
        int length = CHANGE_BYTES + change.come().size() * PACK_BYTES + change.gone().size() * Long.BYTES + rangeBytes;
        ByteBuffer out = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(length).putInt(0).putLong(change.edits()).putLong(change.highestNumber()).putLong(change.sharedBelow());
        out.putInt(change.come().size()).putInt(change.gone().size()).putInt(change.ranges().size()).putInt(0);
        change.come().forEach(pack -> put(pack, out));
        change.gone().forEach(out::putLong);
        change.ranges().forEach(range -> put(range, out));
        return out.putInt(CHANGE_CHECKSUM, Checksums.of(out, CHANGE_EDITS, length)).flip();
    }

    /** @param file all of it, with the changes */
    static Manifest decode(byte[] file) throws FormatException {
        check(file.length >= FIXED_BYTES, "manifest is shorter than " + FIXED_BYTES + " bytes", file.length);
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        long magic = in.getLong(0);
        boolean isKnown = magic == MAGIC_VALUE || magic == TIERED_MAGIC_VALUE;
        if (!isKnown && ((magic ^ MAGIC_VALUE) & ANY_VERSION_MASK) == 0) {
            throw FormatException.unsupported("manifest is of another version of this format: version=0x" + Long.toHexString(magic >>> 56)
                    + ", known=0x31 and 0x32", "use the version that wrote it, or a newer one");
        }
        check(isKnown, "manifest doesn't start with \"STRMMAN1\"", magic);
        int length = wholeBytes(file);
        check(length >= FIXED_BYTES && length <= file.length, "length of the manifest isn't within its file", length);
        check(in.getInt(CHECKSUM) == Checksums.of(in, PACKS, length), "manifest checksum mismatch", in.getInt(CHECKSUM));
        int packCount = in.getInt(PACKS);
        int rangeCount = in.getInt(RANGES);
        check(packCount >= 0 && packCount <= Manifest.MAX_PACKS, "number of packs in the manifest is outside 0 to " + Manifest.MAX_PACKS, packCount);
        check(rangeCount >= 0 && FIXED_BYTES + (long) packCount * PACK_BYTES + (long) rangeCount * RANGE_BYTES <= length,
                "packs and ranges of the manifest don't fit its length of " + length, rangeCount);
        in.position(FIXED_BYTES).limit(length);
        try {
            List<ListedPack> packs = packs(in, packCount);
            List<VoidRange> ranges = ranges(in, rangeCount);
            Map<Long, TierObject> objects = new HashMap<>();
            LogTier tier = magic == TIERED_MAGIC_VALUE ? tier(in, objects) : null;
            check(!in.hasRemaining(), "manifest goes on behind its end", in.position());
            Manifest whole = new Manifest(in.getLong(EDITS), in.getLong(HIGHEST), in.getLong(SHARED_BELOW), packs, ranges, tier, objects);
            return whole.changed(changes(in.limit(file.length).position(length), whole.edits()));
        } catch (IllegalArgumentException e) {
            throw FormatException.corrupt(String.valueOf(e.getMessage()));
        }
    }

    /**
     * How many bytes of changes may be appended before the manifest is written as a whole again. If that is as much as the whole takes, then for each
     * appended byte, writing the whole costs that byte once more and one byte of the earlier manifest. So the bytes written go by what has changed,
     * however long the manifest is.
     */
    static int roomForChanges(int wholeBytes) {
        return Math.min(MAX_CHANGES_BYTES, Math.max(MIN_CHANGES_BYTES, wholeBytes));
    }

    /** How long a manifest's file is without its changes. */
    static int wholeBytes(byte[] file) {
        return saysLength(file) ? length(file) : file.length;
    }

    /** Whether the manifest says how long it is without its changes. */
    static boolean saysLength(byte[] file) {
        return length(file) != 0;
    }

    private static int length(byte[] file) {
        return ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(LENGTH);
    }

    /**
     * All changes up to the end. A part of a change is damage, for example if it is just being appended: {@link ManifestFile} says why the copy has
     * what counts then.
     */
    private static List<ManifestChange> changes(ByteBuffer in, long editsBefore) throws FormatException {
        List<ManifestChange> changes = new ArrayList<>();
        long edits = editsBefore;
        while (in.hasRemaining()) {
            int at = in.position();
            check(in.remaining() >= CHANGE_BYTES, "manifest ends inside a change", at);
            ByteBuffer change = in.slice(at, in.remaining()).order(ByteOrder.LITTLE_ENDIAN);
            int length = change.getInt(0);
            check(length >= CHANGE_BYTES && length <= change.capacity(), "length of a change of the manifest isn't within its file", length);
            check(change.getInt(CHANGE_CHECKSUM) == Checksums.of(change, CHANGE_EDITS, length), "checksum mismatch of a change of the manifest", at);
            ManifestChange next = change(change.position(CHANGE_EDITS).limit(length));
            check(next.edits() > edits, "number of a change isn't higher than that of the change before", at);
            edits = next.edits();
            changes.add(next);
            in.position(at + length);
        }
        return changes;
    }

    private static ManifestChange change(ByteBuffer in) throws FormatException {
        int comeCount = in.getInt(CHANGE_COME);
        int goneCount = in.getInt(CHANGE_GONE);
        int rangeCount = in.getInt(CHANGE_RANGES);
        check(comeCount >= 0 && goneCount >= 0 && rangeCount >= 0
                && CHANGE_BYTES + (long) comeCount * PACK_BYTES + (long) goneCount * Long.BYTES + (long) rangeCount * RANGE_BYTES <= in.limit(),
                "packs and ranges of a change of the manifest don't fit its length of " + in.limit(), rangeCount);
        check(in.getInt(CHANGE_ZERO) == 0, "reserved bytes of a change of the manifest aren't zero", in.getInt(CHANGE_ZERO));
        long edits = in.getLong();
        long highest = in.getLong();
        long sharedBelow = in.getLong();
        in.position(CHANGE_BYTES);
        List<ListedPack> come = packs(in, comeCount);
        List<Long> gone = new ArrayList<>(goneCount);
        for (int i = 0; i < goneCount; i++) {
            gone.add(in.getLong());
        }
        List<VoidRange> ranges = ranges(in, rangeCount);
        check(!in.hasRemaining(), "a change of the manifest goes on behind its end", in.position());
        return new ManifestChange(edits, highest, sharedBelow, gone, come, ranges);
    }

    private static List<ListedPack> packs(ByteBuffer in, int count) throws FormatException {
        List<ListedPack> packs = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            packs.add(new ListedPack(in.getLong(), new Window(in.getLong(), in.getLong()), in.getLong(), in.getLong(),
                    in.getInt(), isCompressed(in.getInt()), in.getLong(), in.getLong(), in.getLong()));
        }
        return packs;
    }

    private static boolean isCompressed(int field) throws FormatException {
        check(field == 0 || field == COMPRESSED, "a pack's compression in the manifest is neither 0 nor " + COMPRESSED, field);
        return field == COMPRESSED;
    }

    private static List<VoidRange> ranges(ByteBuffer in, int count) throws FormatException {
        List<VoidRange> ranges = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            check(in.remaining() >= RANGE_BYTES, "manifest ends inside a range", in.position());
            long from = in.getLong();
            long to = in.getLong();
            long packsBelow = in.getLong();
            long sharedBelow = in.getLong();
            int length = in.getShort() & 0xFFFF;
            check(length >= 1 && length <= StreamKey.MAX_BYTES && length <= in.remaining(),
                    "length of a key is outside 1 to 1,024 bytes, or behind the manifest's end", length);
            byte[] key = new byte[length];
            in.get(key);
            ranges.add(new VoidRange(StreamKey.ofUtf8(key), from, to, packsBelow, sharedBelow));
        }
        return ranges;
    }

    private static LogTier tier(ByteBuffer in, Map<Long, TierObject> objects) throws FormatException {
        check(in.remaining() >= TIER_BYTES, "manifest ends inside its tier", in.position());
        TierId id = new TierId(in.getLong(), in.getLong());
        int locationBytes = in.getInt();
        int count = in.getInt();
        long serial = in.getLong();
        check(serial >= 0, "serial of the manifest's tier is negative", serial);
        check(locationBytes >= 0 && count >= 0 && in.remaining() == locationBytes + (long) count * OBJECT_BYTES,
                "location and packs of the manifest's tier don't fit its length", in.remaining());
        byte[] location = new byte[locationBytes];
        in.get(location);
        for (int i = 0; i < count; i++) {
            boolean isNew = objects.put(in.getLong(), new TierObject(in.getLong(), in.getInt())) == null;
            check(isNew && in.getInt() == 0, "a pack in the manifest's tier is there twice, or has bytes that aren't zero", i);
        }
        return new LogTier(id, serial, new String(location, StandardCharsets.UTF_8));
    }
}
