package dev.streamwal.tier;

import static dev.streamwal.format.FormatException.check;

import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.Checksums;
import dev.streamwal.format.FormatException;
import dev.streamwal.io.TierFailure;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.ManifestFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/**
 * What a tier has, for a reader that has nothing but the tier: the whole object with the highest serial. Little-endian.
 *
 * <pre>
 *   0  8  magic           "STRMCON1"
 *   8  4  checksum        CRC32C over [12, object's end)
 *  12  4  manifest bytes
 *  16  4  keys bytes      0 if the log never encrypted anything
 *  20  4  zero
 *  24     manifest        as in the log's directory, with the packs that are in the tier, and no others
 *         keys            the file of keys
 * </pre>
 *
 * @param manifest with packs in the tier only
 * @param keys content of the log's file of keys; empty if there is none
 */
public record TierContent(Manifest manifest, byte[] keys) {

    private static final int FIXED_BYTES = 24;
    private static final int CHECKSUM = 8;
    private static final int COUNTS = 12;
    /** Keys are few, and a manifest has a limit of its own. */
    private static final int MAX_BYTES = 1 << 30;
    /** A writer publishes at intervals of seconds or more, so the second listing is nearly always enough. */
    private static final int MAX_LISTINGS = 4;
    /** The content of a tier into which nothing was ever put. */
    static final TierContent NOTHING = new TierContent(Manifest.EMPTY, new byte[0]);

    /** "STRMCON1". */
    private static final long MAGIC_VALUE = 0x314E_4F43_4D52_5453L;
    /** "STRMCON" and any version. */
    private static final long ANY_VERSION_MASK = 0xFF_FFFF_FFFF_FFFFL;

    /** Whether another content is the same, except for the number of changes. */
    public boolean isSame(TierContent other) {
        return manifest.objects().equals(other.manifest.objects()) && manifest.packsInOrder().equals(other.manifest.packsInOrder())
                && new HashSet<>(manifest.voidRanges()).equals(new HashSet<>(other.manifest.voidRanges())) && Arrays.equals(keys, other.keys);
    }

    ByteBuffer encode() {
        byte[] list = ManifestFile.bytes(manifest);
        ByteBuffer out = ByteBuffer.allocate(FIXED_BYTES + list.length + keys.length).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(MAGIC_VALUE).putInt(0).putInt(list.length).putInt(keys.length).putInt(0).put(list).put(keys);
        return out.putInt(CHECKSUM, Checksums.of(out, COUNTS, out.capacity())).flip();
    }

    static TierContent decode(byte[] object) throws FormatException {
        check(object.length >= FIXED_BYTES, "content of a tier is shorter than " + FIXED_BYTES + " bytes", object.length);
        ByteBuffer in = ByteBuffer.wrap(object).order(ByteOrder.LITTLE_ENDIAN);
        long magic = in.getLong();
        if (magic != MAGIC_VALUE && ((magic ^ MAGIC_VALUE) & ANY_VERSION_MASK) == 0) {
            throw FormatException.unsupported("content of a tier is of another version of this format: version=0x" + Long.toHexString(magic >>> 56)
                    + ", known=0x31", "use the version that wrote it, or a newer one");
        }
        check(magic == MAGIC_VALUE, "content of a tier doesn't start with \"STRMCON1\"", magic);
        check(in.getInt() == Checksums.of(in, COUNTS, in.capacity()), "checksum mismatch of a tier's content", in.getInt(CHECKSUM));
        int manifestBytes = in.getInt();
        int keysBytes = in.getInt();
        check(in.getInt() == 0 && manifestBytes >= 0 && keysBytes >= 0 && in.remaining() == (long) manifestBytes + keysBytes,
                "parts of a tier's content don't fit its length", object.length);
        byte[] list = new byte[manifestBytes];
        byte[] keys = new byte[keysBytes];
        in.get(list).get(keys);
        return new TierContent(ManifestFile.manifest(list), keys);
    }

    /**
     * A content, with its object's name.
     */
    record Named(String name, TierContent content) {}

    /**
     * Reads what a tier has. An object that isn't whole is passed over: a writer was killed while it wrote that object, and the one before counts.
     *
     * <p>The writer writes an object and then deletes the one before. So an object that was listed may be gone when it is read, and a listing that
     * takes several calls of the file system may have missed both. In both cases there is a newer object, and the tier is listed again.
     *
     * @param known name of the object that was read before; empty for none
     * @return empty if the tier has no content yet, or still the one that was read before
     * @throws TierFailure if the tier fails, or there are such objects, and none is whole
     * @throws UnsupportedFormatException if a newer version wrote it
     */
    static Optional<Named> readUnless(TierFolder folder, String known) throws TierFailure {
        List<String> names = newestFirst(folder);
        for (int listings = 1; listings < MAX_LISTINGS; listings++) {
            TierFailure failure = null;
            if (!names.isEmpty()) {
                try {
                    return newestWhole(folder, names, known);
                } catch (TierFailure e) {
                    failure = e;
                }
            }
            List<String> now = newestFirst(folder);
            if (failure != null && now.equals(names)) {
                throw failure;
            }
            names = now;
        }
        return newestWhole(folder, names, known);
    }

    /** The names of all such objects, the one that counts first. */
    private static List<String> newestFirst(TierFolder folder) throws TierFailure {
        return folder.list().stream().filter(name -> TierNames.parseContent(name).isPresent()).sorted(Comparator.reverseOrder()).toList();
    }

    private static Optional<Named> newestWhole(TierFolder folder, List<String> names, String known) throws TierFailure {
        FormatException why = null;
        for (String name : names) {
            if (name.equals(known)) {
                return Optional.empty();
            }
            try {
                return Optional.of(new Named(name, decode(folder.readSmall(name, MAX_BYTES))));
            } catch (FormatException e) {
                if (e.isUnsupported()) {
                    throw new UnsupportedFormatException(e.at("tier=" + folder + ", object=" + name), null, null, WalException.NO_POSITION, e);
                }
                why = why == null ? e : why;
            }
        }
        if (why != null) {
            throw new TierFailure("every object that lists the tier's content is damaged: objects=" + names.size(), folder.name(), names.get(0),
                    "try again, or open the log for writing with this tier", why);
        }
        return Optional.empty();
    }
}
