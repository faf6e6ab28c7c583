package dev.streamwal.tier;

import dev.streamwal.io.FileConsumer;
import dev.streamwal.io.LogFile;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.io.TierFailure;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.TierId;
import dev.streamwal.manifest.TierObject;
import dev.streamwal.pack.BlockCache;
import dev.streamwal.pack.PackElsewhere;
import dev.streamwal.pack.PackReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/** What a log's writer does in the log's tier: see the {@link dev.streamwal.tier package}. */
public final class LogInTier {

    private final TierFolder folder;
    private final TierId id;
    private final BooleanSupplier isStopped;

    /**
     * @param isStopped asked between two pieces of an object; if it returns true, the step ends with an exception
     */
    public LogInTier(TierFolder folder, TierId id, BooleanSupplier isStopped) {
        this.folder = folder;
        this.id = id;
        this.isStopped = isStopped;
    }

    /**
     * Makes sure that the tier belongs to this log, and marks it if it has no log's mark yet.
     *
     * @param isUsed whether the log has packs in its tier: then the tier must have the mark already
     * @return the names in it
     * @throws TierFailure if the tier belongs to another log, or isn't where it was
     */
    public List<String> claim(boolean isUsed) throws IOException {
        List<String> names = folder.list();
        if (!names.contains(TierNames.log(id))) {
            checkNobodyElses(names);
            if (isUsed) {
                throw new TierFailure("tier isn't where the log has its packs: there is no object \"" + TierNames.log(id) + "\" in it", folder.name(), "",
                        "see whether the place is right, and whether it is mounted", null);
            }
            folder.write(TierNames.log(id), sink -> sink.accept(ByteBuffer.wrap(new byte[] {'\n'})));
            // of two logs that mark one tier at the same time, at least one sees the other's mark
            names = folder.list();
        }
        checkNobodyElses(names);
        return names;
    }

    private void checkNobodyElses(List<String> names) throws TierFailure {
        Optional<TierId> other = names.stream().flatMap(name -> TierNames.parseLog(name).stream()).filter(each -> !each.equals(id)).findFirst();
        if (other.isPresent()) {
            throw new TierFailure("tier belongs to another log: tierLogId=" + other.get() + ", logId=" + id, folder.name(), TierNames.log(other.get()),
                    "give each log a tier of its own", null);
        }
    }

    /**
     * Copies a pack, and reads all of the copy back. After this method has returned, the copy is durable, and equal to the pack.
     *
     * @param nonce random
     * @param bytes of the pack
     * @throws TierFailure if the tier fails, or gives back other bytes than it was given
     * @throws IOException if the pack can't be read
     */
    public TierObject upload(ListedPack pack, long nonce, SegmentBytes bytes) throws IOException {
        ChunkChecksums.Owner owner = new ChunkChecksums.Owner(id, pack.number(), nonce, pack.bytes());
        TierObject[] written = {null};
        folder.write(TierNames.pack(pack.number(), new TierObject(nonce, 0)), sink -> written[0] = copy(owner, bytes, sink));
        TierObject object = written[0];
        readAll(pack, object, (offset, piece) -> { });
        return object;
    }

    private TierObject copy(ChunkChecksums.Owner owner, SegmentBytes bytes, FileConsumer<ByteBuffer> sink) throws IOException {
        ChunkChecksums.Builder checksums = new ChunkChecksums.Builder(owner);
        ByteBuffer chunk = ByteBuffer.allocate(ChunkChecksums.CHUNK_BYTES);
        for (long offset = 0; offset < owner.packBytes(); offset += ChunkChecksums.CHUNK_BYTES) {
            checkRunning();
            int wanted = (int) Math.min(ChunkChecksums.CHUNK_BYTES, owner.packBytes() - offset);
            fill(bytes, chunk.clear().limit(wanted), offset);
            checksums.add(chunk.flip());
            sink.accept(chunk);
        }
        ByteBuffer behind = checksums.encode();
        sink.accept(behind.duplicate());
        return ChunkChecksums.object(owner, behind);
    }

    private static void fill(SegmentBytes bytes, ByteBuffer chunk, long offset) throws IOException {
        int end = chunk.limit();
        while (chunk.position() < end) {
            int at = chunk.position();
            if (bytes.read(chunk.limit(Math.min(end, at + LogFile.CHUNK_BYTES)), offset + at) == 0) {
                throw new IOException("pack is shorter than the manifest says: file=" + bytes + ", offset=" + (offset + at));
            }
        }
        chunk.limit(end);
    }

    /** Hands out a pack's bytes, in order; each piece was checked. */
    public void readAll(ListedPack pack, TierObject object, SegmentBytes.CopyTarget target) throws IOException {
        SegmentBytes bytes = pack(pack, object);
        // a read of as many chunks as are fetched at once
        ByteBuffer piece = ByteBuffer.allocate(PackInTier.MAX_READ_BYTES);
        bytes.copy(0, pack.bytes(), piece, (offset, copied) -> {
            checkRunning();
            target.write(offset, copied);
        });
    }

    /** A pack's bytes, which are checked as they are read. */
    public SegmentBytes pack(ListedPack pack, TierObject object) {
        return new PackInTier(folder, new BlockCache(0), new ChunkChecksums.Owner(id, pack.number(), object.nonce(), pack.bytes()), object);
    }

    /** A pack that is read from the tier only. */
    public PackReader reader(ListedPack pack, TierObject object, Path file) throws IOException {
        return PackReader.open(new PackElsewhere(pack(pack, object), file), pack.number(), new BlockCache(0), new BlockCache(0));
    }

    private void checkRunning() throws IOException {
        if (isStopped.getAsBoolean()) {
            throw new IOException("the log is being closed: tier=" + folder);
        }
    }

    /**
     * Makes sure that only this log has published the tier's content. A log whose directory was copied, or put back to an earlier state, would delete
     * the objects that were put into the tier since.
     *
     * @param names in the tier
     * @param serial the highest serial that this log has given, or was about to give
     * @param own name of the object that this writer has written, or was about to write, with that serial; empty if none
     * @throws TierFailure if another copy of the log has published a content
     */
    public void checkNobodyElseWrites(List<String> names, long serial, String own) throws TierFailure {
        for (String name : names) {
            long given = TierNames.parseContent(name).orElse(-1);
            if (given > serial || (given == serial && !own.isEmpty() && !name.equals(own))) {
                throw new TierFailure("tier was changed by another copy of this log, or this log was put back to an earlier state: serial=" + given
                        + ", knownSerial=" + serial, folder.name(), name,
                        "open the copy that has changed it, or give this one a tier of its own; nothing was changed", null);
            }
        }
    }

    /**
     * Writes the tier's content; it counts after this method has returned.
     *
     * @param name as {@link TierNames#content} gives it
     */
    public void publish(TierContent content, String name) throws IOException {
        ByteBuffer bytes = content.encode();
        folder.write(name, sink -> sink.accept(bytes.duplicate()));
    }

    /** Deletes an object of this log, if it is there. */
    public void delete(String name) throws TierFailure {
        folder.delete(name);
    }

    /** What was deleted stays deleted, also after a loss of power. */
    public void forceDeletions() throws TierFailure {
        folder.forceDeletions();
    }

    /** The names in the tier. */
    public List<String> list() throws TierFailure {
        return folder.list();
    }

    /**
     * Makes sure that the tier has these objects. An object that isn't listed is asked for: the lists of some stores are late.
     *
     * @param names of the objects
     * @param listed names in the tier
     * @throws TierFailure if one can't be opened
     */
    public void checkHas(Set<String> names, Set<String> listed) throws TierFailure {
        for (String name : names) {
            if (!listed.contains(name)) {
                long unused = folder.size(name);
            }
        }
    }

    /** Where the tier is, for messages. */
    public String location() {
        return folder.name();
    }

}
