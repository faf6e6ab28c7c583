package dev.streamwal.tier;

import static dev.streamwal.format.FormatException.check;

import dev.streamwal.format.Checksums;
import dev.streamwal.format.FormatException;
import dev.streamwal.manifest.TierId;
import dev.streamwal.manifest.TierObject;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The checksums of a pack in a tier. They stand behind the pack in its object, little-endian. The manifest has the checksum over these checksums, and
 * so over the whole pack; each chunk that is read is checked by its own.
 *
 * <pre>
 *   0     chunks          CRC32C of each 256 KiB of the pack; the last one may be shorter
 *         then
 *   0  8  magic           "STRMTIE1"
 *   8 16  id              of the log
 *  24  8  number          of the pack
 *  32  8  nonce           second half of the object's name
 *  40  8  bytes           of the pack
 *  48  4  chunk bytes     262,144
 *  52  4  chunks          how many
 *  56  4  zero
 *  60  4  checksum        CRC32C over the chunks' checksums and [0, 60)
 * </pre>
 */
public final class ChunkChecksums {

    /** Bytes with one checksum. A smaller read takes as long in an object store, and smaller chunks would mean that more checksums are kept. */
    public static final int CHUNK_BYTES = 256 << 10;

    /** How many bytes stand behind the chunks' checksums. */
    static final int FIXED_BYTES = 64;
    /** "STRMTIE1". */
    private static final long MAGIC_VALUE = 0x3145_4954_4D52_5453L;

    private final int[] chunks;

    private ChunkChecksums(int[] chunks) {
        this.chunks = chunks;
    }

    /** The object that the checksums belong to. */
    public record Owner(TierId id, long number, long nonce, long packBytes) {

        /** How many chunks the pack has. */
        int chunks() {
            return Math.toIntExact((packBytes + CHUNK_BYTES - 1) / CHUNK_BYTES);
        }

        /** How many bytes stand behind the pack. */
        int bytes() {
            return Integer.BYTES * chunks() + FIXED_BYTES;
        }
    }

    /** Whether these are the bytes of the chunk. */
    boolean isRight(int chunk, ByteBuffer bytes) {
        return Checksums.of(bytes, bytes.position(), bytes.limit()) == chunks[chunk];
    }

    /** Gathers the checksums of a pack's chunks, in order. */
    static final class Builder {

        private final Owner owner;
        private final int[] chunks;
        private int count;

        Builder(Owner owner) {
            this.owner = owner;
            this.chunks = new int[owner.chunks()];
        }

        void add(ByteBuffer chunk) {
            chunks[count++] = Checksums.of(chunk, chunk.position(), chunk.limit());
        }

        /** The bytes that stand behind the pack; the manifest has the last four of them. */
        ByteBuffer encode() {
            if (count != chunks.length) {
                throw new IllegalStateException("not all chunks of a pack have checksums: chunks=" + count + ", pack=" + owner);
            }
            ByteBuffer out = ByteBuffer.allocate(owner.bytes()).order(ByteOrder.LITTLE_ENDIAN);
            for (int chunk : chunks) {
                out.putInt(chunk);
            }
            out.putLong(MAGIC_VALUE).putLong(owner.id().high()).putLong(owner.id().low()).putLong(owner.number()).putLong(owner.nonce());
            out.putLong(owner.packBytes()).putInt(CHUNK_BYTES).putInt(chunks.length).putInt(0);
            return out.putInt(Checksums.of(out, 0, out.position())).flip();
        }
    }

    /** What a manifest stores of an object that ends with these bytes. */
    static TierObject object(Owner owner, ByteBuffer encoded) {
        return new TierObject(owner.nonce(), encoded.getInt(encoded.limit() - Integer.BYTES));
    }

    /**
     * The checksums of a pack.
     *
     * @param in all bytes behind the pack
     * @param checksum which the manifest has
     */
    static ChunkChecksums decode(ByteBuffer in, Owner owner, int checksum) throws FormatException {
        ByteBuffer bytes = in.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        int fixed = bytes.limit() - FIXED_BYTES;
        check(bytes.limit() == owner.bytes(), "checksums of a pack in the tier have another length", bytes.limit());
        int found = bytes.getInt(bytes.limit() - Integer.BYTES);
        check(bytes.getLong(fixed) == MAGIC_VALUE, "checksums of a pack in the tier don't have \"STRMTIE1\"", bytes.getLong(fixed));
        check(found == checksum, "checksum of a pack in the tier differs from that in the manifest, " + checksum, found);
        check(found == Checksums.of(bytes, 0, bytes.limit() - Integer.BYTES), "checksum mismatch of a pack's checksums in the tier", found);
        bytes.position(fixed + Long.BYTES);
        Owner said = new Owner(new TierId(bytes.getLong(), bytes.getLong()), bytes.getLong(), bytes.getLong(), bytes.getLong());
        check(said.equals(owner) && bytes.getInt() == CHUNK_BYTES && bytes.getInt() == owner.chunks(),
                "object in the tier is of another pack or log: " + said + ", wanted=" + owner, fixed);
        int[] chunks = new int[owner.chunks()];
        for (int i = 0; i < chunks.length; i++) {
            chunks[i] = bytes.getInt(i * Integer.BYTES);
        }
        return new ChunkChecksums(chunks);
    }

    /**
     * The pack whose checksums an object ends with, by the object's last bytes.
     *
     * @param end the last {@link #FIXED_BYTES}
     * @param size of the object
     */
    static Owner owner(ByteBuffer end, long size) throws FormatException {
        ByteBuffer in = end.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        check(in.remaining() == FIXED_BYTES, "object in a tier is too short for a pack", size);
        check(in.getLong() == MAGIC_VALUE, "object in a tier doesn't end with checksums of a pack, \"STRMTIE1\"", in.getLong(0));
        Owner owner = new Owner(new TierId(in.getLong(), in.getLong()), in.getLong(), in.getLong(), in.getLong());
        boolean isPack = owner.packBytes() > 0 && owner.packBytes() < size && in.getInt() == CHUNK_BYTES;
        check(isPack && owner.packBytes() + owner.bytes() == size, "length of an object in a tier differs from the one at its end, " + owner, size);
        return owner;
    }
}
