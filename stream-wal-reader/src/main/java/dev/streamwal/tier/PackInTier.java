package dev.streamwal.tier;

import dev.streamwal.format.FormatException;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.io.TierFailure;
import dev.streamwal.manifest.TierObject;
import dev.streamwal.pack.BlockCache;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a pack in a tier, read by range. It returns only bytes that were in the pack when it was uploaded: each chunk is checked by a checksum
 * that leads to the one in the manifest. Wrong bytes are asked for again, a few times. If they stay wrong, that is a failure of the tier, and not
 * damage of the log: from here it can't be told whether the object is wrong, or something else has answered in its place. Thread-safe.
 */
final class PackInTier implements SegmentBytes {

    /** How often bytes are asked for if the answer is wrong. A request that fails isn't repeated: the provider has its own rule for that. */
    private static final int MAX_ATTEMPTS = 3;

    /** The most chunks that one read takes, if they follow each other. */
    private static final int MAX_CHUNKS = 4;

    /** A read of this many bytes is one request. */
    static final int MAX_READ_BYTES = MAX_CHUNKS * ChunkChecksums.CHUNK_BYTES;

    private static final String THEN = "look at the object; where it was changed, put it back from a copy";

    private final TierFolder folder;
    private final BlockCache cache;
    private final ChunkChecksums.Owner owner;
    private final TierObject object;
    private final String name;
    private volatile @Nullable ChunkChecksums checksums;

    PackInTier(TierFolder folder, BlockCache cache, ChunkChecksums.Owner owner, TierObject object) {
        this.folder = folder;
        this.cache = cache;
        this.owner = owner;
        this.object = object;
        this.name = TierNames.pack(owner.number(), object);
    }

    @Override
    public long size() {
        return owner.packBytes();
    }

    @Override
    public int read(ByteBuffer target, long offset) throws TierFailure {
        int start = target.position();
        long end = Math.min(owner.packBytes(), offset + target.remaining());
        for (long at = offset; at < end; ) {
            int chunk = (int) (at / ChunkChecksums.CHUNK_BYTES);
            byte[] cached = cache.get(owner, chunk);
            byte[][] chunks = cached != null ? new byte[][] {cached} : fetch(chunk, (int) ((end - 1) / ChunkChecksums.CHUNK_BYTES));
            for (byte[] bytes : chunks) {
                int from = (int) (at - begin(chunk++));
                int count = (int) Math.min(bytes.length - from, end - at);
                target.put(bytes, from, count);
                at += count;
            }
        }
        return target.position() - start;
    }

    private static long begin(int chunk) {
        return (long) chunk * ChunkChecksums.CHUNK_BYTES;
    }

    private int length(int chunk) {
        return (int) Math.min(ChunkChecksums.CHUNK_BYTES, owner.packBytes() - begin(chunk));
    }

    /** The chunk, and those behind it that are wanted too and aren't cached. */
    private byte[][] fetch(int first, int last) throws TierFailure {
        int count = 1;
        while (count < MAX_CHUNKS && first + count <= last && cache.get(owner, first + count) == null) {
            count++;
        }
        byte[][] chunks = readChecked(first, count);
        for (int i = 0; i < count; i++) {
            cache.put(owner, first + i, chunks[i]);
        }
        return chunks;
    }

    private byte[][] readChecked(int first, int count) throws TierFailure {
        ChunkChecksums known = checksums();
        int wrong = 0;
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            byte[][] chunks = read(first, count);
            for (wrong = 0; wrong < count && known.isRight(first + wrong, ByteBuffer.wrap(chunks[wrong])); ) {
                wrong++;
            }
            if (wrong == count) {
                return chunks;
            }
        }
        throw new TierFailure("tier answers with other bytes than were stored there: offset=" + begin(first + wrong) + ", length=" + length(first + wrong),
                folder.name(), name, THEN, null);
    }

    private byte[][] read(int first, int count) throws TierFailure {
        long from = begin(first);
        ByteBuffer all = ByteBuffer.allocate((int) (begin(first + count - 1) + length(first + count - 1) - from));
        folder.read(name, from, all);
        byte[][] chunks = new byte[count][];
        all.flip();
        for (int i = 0; i < count; i++) {
            chunks[i] = new byte[length(first + i)];
            all.get(chunks[i]);
        }
        return chunks;
    }

    private ChunkChecksums checksums() throws TierFailure {
        ChunkChecksums known = checksums;
        if (known == null) {
            known = readChecksums();
            checksums = known;
        }
        return known;
    }

    private ChunkChecksums readChecksums() throws TierFailure {
        FormatException why = null;
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            ByteBuffer bytes = ByteBuffer.allocate(owner.bytes());
            folder.read(name, owner.packBytes(), bytes);
            try {
                return ChunkChecksums.decode(bytes.flip(), owner, object.checksum());
            } catch (FormatException e) {
                why = e;
            }
        }
        throw new TierFailure("tier answers with other bytes than were stored there: offset=" + owner.packBytes() + ", length=" + owner.bytes(),
                folder.name(), name, THEN, why);
    }

    @Override
    public String toString() {
        return folder + "/" + name;
    }
}
