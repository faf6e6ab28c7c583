package dev.streamwal.catalog;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.io.OpenBytes;
import dev.streamwal.io.TierFailure;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.LogTier;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.TierObject;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.pack.PackSource;
import dev.streamwal.pack.PackTableFile;
import dev.streamwal.tier.TierNames;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where a listed pack is: in the log's directory, or with its table there and its segments in the log's tier. It may move from one to the other while it is
 * read. The manifest is changed after the pack is copied, and before the file is deleted. So a reader that misses the file, or the object, asks the manifest
 * where the pack is now. Thread-safe.
 */
final class PackPlace implements PackSource {

    /** A pack moves when it has become old, and back when records are erased from it. */
    private static final int MAX_MOVES = 16;

    private final PackCatalog packs;
    private final ListedPack pack;
    private final Path file;
    /** Its table's file, if the pack is in the tier. */
    private final Path table;
    private volatile Optional<At> at;
    /** Where the part of the pack that is in its table's file begins; 0 if that isn't known. */
    private volatile long tableBegin;

    /** In a tier. */
    private record At(LogTier tier, TierObject object) {}

    PackPlace(PackCatalog packs, ListedPack pack) throws IOException {
        this.packs = packs;
        this.pack = pack;
        this.file = PackFiles.pack(packs.root(), pack.number());
        this.table = PackFiles.table(packs.root(), pack.number());
        this.at = at(packs.manifest());
    }

    private Optional<At> at(Manifest manifest) {
        return manifest.object(pack.number()).flatMap(object -> manifest.tier().map(tier -> new At(tier, object)));
    }

    @Override
    public Path file() {
        return file;
    }

    @Override
    public OpenBytes open() throws IOException {
        for (int moves = 0; ; moves++) {
            Optional<At> here = at;
            try {
                return here.isPresent() ? new Tiered(here.get()) : packs.channels().acquireSealed(file);
            } catch (NoSuchFileException e) {
                if (!isElsewhere(here, e) || moves == MAX_MOVES) {
                    throw missing(e);
                }
            }
        }
    }

    @Override
    public OpenBytes openFile() throws IOException {
        return packs.channels().acquire(file);
    }

    @Override
    public Place damaged(long offset) {
        long begin = tableBegin;
        boolean isOfTable = at.isPresent() && !packs.isOfTierAlone() && (offset < PackTableFile.HEADER_BYTES || (begin > 0 && offset >= begin));
        if (!isOfTable) {
            return new Place(file, offset, "");
        }
        packs.tableDamaged(table);
        // another file may get its name, and be as long as it ought to be
        tableBegin = 0;
        return new Place(table, PackTableFile.offset(offset, begin), PackTableFile.ADVICE);
    }

    @Override
    public void forget() {
        packs.channels().forget(file);
        packs.channels().forget(table);
    }

    /**
     * Whether it is somewhere else than where it was missed.
     *
     * @throws NoSuchFileException if it was deleted
     */
    private boolean isElsewhere(Optional<At> missed, IOException why) throws IOException {
        Manifest now = packs.manifestAnew();
        if (now.pack(pack.number()).isEmpty()) {
            if (why instanceof NoSuchFileException) {
                throw why;
            }
            NoSuchFileException gone = new NoSuchFileException(file.toString());
            gone.addSuppressed(why);
            throw gone;
        }
        at = at(now);
        return !at.equals(missed);
    }

    /** The manifest is changed before a file is deleted, so a listed pack that isn't there is damage. */
    private CorruptSegmentException missing(IOException why) {
        return new CorruptSegmentException("pack listed in the manifest is missing: file=" + file + "; put it back from a copy of this log", file, null,
                WalException.NO_POSITION, 0, pack.bytes(), why);
    }

    /** The pack while its segments are in the tier. The offset of a read decides whether the table's file or the tier is read. */
    private final class Tiered implements OpenBytes {

        private final At here;
        /** The table's file; null until it is read. */
        @GuardedBy("this")
        private @Nullable OpenBytes openTable;
        /** Where the pack has moved since; null while it is still here. */
        @GuardedBy("this")
        private @Nullable OpenBytes elsewhere;

        Tiered(At here) {
            this.here = here;
        }

        @Override
        public long size() {
            return pack.bytes();
        }

        @Override
        public long nearFrom() throws IOException {
            if (packs.isOfTierAlone()) {
                return 0;
            }
            long known = tableBegin;
            if (known == 0) {
                try {
                    known = PackTableFile.begin(table, table().size(), pack.bytes());
                } catch (NoSuchFileException e) {
                    return elsewhere(e).nearFrom();
                } catch (CorruptSegmentException e) {
                    packs.tableDamaged(table);
                    throw e;
                }
                tableBegin = known;
            }
            return known;
        }

        @Override
        public int read(ByteBuffer target, long offset) throws IOException {
            int start = target.position();
            try {
                return readHere(target, offset);
            } catch (TierFailure | NoSuchFileException e) {
                return elsewhere(e).read(target.position(start), offset);
            }
        }

        private int readHere(ByteBuffer target, long offset) throws IOException {
            if (!packs.isOfTierAlone()) {
                long near = nearFrom();
                if (offset >= near) {
                    return table().read(target, PackTableFile.offset(offset, near));
                }
                if (offset + target.remaining() <= PackTableFile.HEADER_BYTES) {
                    return table().read(target, offset);
                }
            }
            return packs.tier().pack(here.tier(), pack, here.object()).read(target, offset);
        }

        private synchronized OpenBytes table() throws IOException {
            OpenBytes known = openTable;
            if (known == null) {
                known = packs.channels().acquireSealed(table);
                openTable = known;
            }
            return known;
        }

        /** The pack where it is now, if it isn't here any more. */
        private synchronized OpenBytes elsewhere(IOException why) throws IOException {
            OpenBytes known = elsewhere;
            if (known == null) {
                if (!isElsewhere(Optional.of(here), why)) {
                    if (why instanceof TierFailure) {
                        throw why;
                    }
                    packs.tableDamaged(table);
                    throw new TierFailure("table of a pack in the tier is missing, file=" + table,
                            here.tier().location(), TierNames.pack(pack.number(), here.object()), PackTableFile.ADVICE, why);
                }
                known = PackPlace.this.open();
                elsewhere = known;
            }
            return known;
        }

        @Override
        public synchronized void close() {
            for (OpenBytes open : new OpenBytes[] {openTable, elsewhere}) {
                if (open != null) {
                    open.close();
                }
            }
            openTable = null;
            elsewhere = null;
        }

        @Override
        public String toString() {
            return file.toString();
        }
    }
}
