package dev.streamwal.tier;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.FormatException;
import dev.streamwal.manifest.TierObject;
import dev.streamwal.pack.BlockCache;
import dev.streamwal.pack.PackElsewhere;
import dev.streamwal.pack.PackReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Objects;

/** An object of a tier that holds a pack, looked at by itself: the object's end tells which pack it is, and has its checksums. */
public final class PackObject {

    /** A few chunks: a program that looks at a pack goes through it. */
    private static final long CACHE_BYTES = 4L * ChunkChecksums.CHUNK_BYTES;

    private PackObject() {}

    /** Whether such an object may have the name. */
    public static boolean isNamed(String name) {
        return TierNames.parsePack(name).isPresent();
    }

    /** What the names of a pack's objects look like, for messages. */
    public static String namesOf(long number) {
        return TierNames.pack(number, new TierObject(0, 0)).replaceFirst("-[0-9a-f]+", "-*");
    }

    /**
     * The pack in an object.
     *
     * @throws CorruptSegmentException if the object isn't whole
     */
    public static PackReader open(Path object) throws IOException {
        String name = Objects.requireNonNull(object.getFileName(), "path of an object without a name").toString();
        TierFolder folder = new TierFolder(Objects.requireNonNull(object.toAbsolutePath().getParent(), "path of an object without a folder"));
        long size = folder.size(name);
        try {
            ByteBuffer end = ByteBuffer.allocate((int) Math.min(size, ChunkChecksums.FIXED_BYTES)).order(ByteOrder.LITTLE_ENDIAN);
            folder.read(name, size - end.capacity(), end);
            ChunkChecksums.Owner owner = ChunkChecksums.owner(end.flip(), size);
            TierObject listed = new TierObject(owner.nonce(), end.getInt(end.limit() - Integer.BYTES));
            PackInTier bytes = new PackInTier(folder, new BlockCache(CACHE_BYTES), owner, listed);
            return PackReader.open(new PackElsewhere(bytes, object), owner.number(), new BlockCache(0), new BlockCache(0));
        } catch (FormatException e) {
            throw new CorruptSegmentException(e.at("object=" + object) + "; put it back from a copy", object, null, WalException.NO_POSITION, 0, size, e);
        }
    }
}
