package dev.streamwal.recovery;

import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.journal.Frontier;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.BadSectors;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LogFile;
import dev.streamwal.journal.DurableFrontier;
import dev.streamwal.journal.Frontier;
import dev.streamwal.journal.FrontierFile;
import dev.streamwal.journal.FrontierSegment;
import dev.streamwal.journal.JournalDamage;
import dev.streamwal.journal.JournalEnd;
import dev.streamwal.journal.JournalFiles;
import dev.streamwal.journal.JournalScan;
import dev.streamwal.journal.JournalVisitor;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Replays the commit journal when a log is opened for writing. Afterwards each segment's file has, at least in the page cache, what the journal says;
 * the journal itself is unchanged. A replay may end anywhere and be repeated.
 *
 * <ol>
 *   <li>The journal is read: what it deleted and cut, how far it made segments durable, where it ends.
 *   <li>Its last block is rewritten unchanged, and forced. A killed process may have left it unforced, and nothing that follows from it may happen
 *       before: neither a deletion, nor a block behind it in another file.
 *   <li>Its bytes are written to the segments' files; a lost file or header is recreated, and all that was deleted or cut is left out, also what was
 *       deleted without a record: see {@link UnrecordedDeletions}. Segments with a footer are durable, and left alone. This is done at every opening: a
 *       disk may lose its page cache while the machine stays up, when it is
 *       removed and reattached, and frames are final, so that rewriting them changes nothing. If the machine has stayed up, and the last writer
 *       closed the log, bytes that are there already are not rewritten: they are on the disk, or in the page cache, which is then trustworthy.
 *       Otherwise they are rewritten: the cache may take for written what the disk refused.
 *   <li>What the journal deleted and cut is deleted and cut, if it is there, except cuts that the disk has no room for: see {@link CutRedo}.
 * </ol>
 */
public final class JournalRedo {

    /** This cache only resolves the directories of a log's streams. */
    private static final int NO_OPEN_FILES = 1;

    /** What is read and written at a time. */
    private static final int CHUNK_BYTES = 1 << 20;

    private final SegmentStorage storage;
    private final Path root;
    private final boolean wasClosed;
    private final boolean trustsPageCache;
    private final boolean skipBadBlocks;
    private final int gatheredBytes;
    private final StreamDirectory streams;
    private final Quarantine quarantine;

    private final JournalledCuts cuts = new JournalledCuts();
    private final List<JournalDamage> damages = new ArrayList<>();

    /**
     * @param root of the log
     * @param wasClosed whether the last writer closed the log: then what its files have already isn't counted as redone
     * @param trustsPageCache whether the machine is known to be up since the last writer, and that writer to have closed the log
     * @param skipBadBlocks whether to continue without damaged blocks, after setting a copy aside; otherwise damage is an error
     */
    public JournalRedo(SegmentStorage storage, Path root, boolean wasClosed, boolean trustsPageCache, boolean skipBadBlocks) {
        this(storage, root, wasClosed, trustsPageCache, skipBadBlocks, new Quarantine(storage, root), SegmentRedo.GATHERED_BYTES);
    }

    JournalRedo(SegmentStorage storage, Path root, boolean wasClosed, boolean trustsPageCache, boolean skipBadBlocks, Quarantine quarantine,
            int gatheredBytes) {
        this.storage = storage;
        this.root = root;
        this.wasClosed = wasClosed;
        this.trustsPageCache = trustsPageCache;
        this.skipBadBlocks = skipBadBlocks;
        this.quarantine = quarantine;
        this.gatheredBytes = gatheredBytes;
        this.streams = new StreamDirectory(root, new ChannelCache(NO_OPEN_FILES));
    }

    /**
     * Replays the journal, once.
     *
     * @throws CorruptSegmentException if there is damage that is not to be skipped, or of which no copy could be set aside
     * @throws dev.streamwal.error.UnsupportedFormatException if a newer version wrote the journal or a segment
     */
    public RedoResult run() throws IOException {
        Optional<Frontier> frontier = frontier();
        return frontier.isPresent() ? redo(frontier.get()) : RedoResult.none(damages);
    }

    /**
     * What keeps {@link #run} from replaying a log's journal unless it is told to skip damage. Changes nothing. While a writer appends, blocks and files that
     * come and go may look like damage, which isn't there any more when the journal is looked at again.
     *
     * @throws dev.streamwal.error.UnsupportedFormatException if a newer version wrote the journal
     */
    public static Optional<CorruptSegmentException> damage(Path root) throws IOException {
        try {
            Optional<Frontier> frontier = loadFrontier(root);
            if (frontier.isPresent()) {
                JournalEnd unused = new JournalScan(root, frontier.get()).scan(new JournalVisitor() {
                    @Override
                    public boolean damaged(JournalDamage damage) {
                        throw JournalRedo.damaged(root, damage);
                    }
                });
            }
            return Optional.empty();
        } catch (CorruptSegmentException e) {
            return Optional.of(e);
        }
    }

    /** Makes the exception; the caller throws it. */
    private static CorruptSegmentException damaged(Path root, JournalDamage damage) {
        return new CorruptSegmentException(
                "the commit journal is damaged: " + damage.what() + ", file=" + damage.file() + ", offset=" + damage.offset()
                        + ", length=" + damage.length() + "; put the file back from a copy made since the log was last written (an older"
                        + " one brings back what was deleted or erased since), or open the log with SKIP_BAD_RECORDS, which continues without that block"
                        + " and keeps a copy of the file in "
                        + root.resolve(Quarantine.NAME),
                damage.file(), null, WalException.NO_POSITION, damage.offset(), damage.length(), null);
    }

    // ---- the frontier

    private Optional<Frontier> frontier() throws IOException {
        CorruptSegmentException damage;
        try {
            return loadFrontier(root);
        } catch (CorruptSegmentException e) {
            if (FrontierFile.path(root).equals(e.file())) {
                setAside(FrontierFile.path(root), "damaged", e);
            }
            damage = e;
        }
        // without a frontier it is unknown which blocks are needed, and old ones would bring back what was deleted since
        for (Path file : JournalScan.usedFiles(root)) {
            setAside(file, "lost", damage);
        }
        damages.add(new JournalDamage(FrontierFile.path(root), 0, damage.length(), String.valueOf(damage.getMessage())));
        return Optional.empty();
    }

    /** Empty if the log has no journal; throws if the frontier is damaged, or missing beside a journal. */
    private static Optional<Frontier> loadFrontier(Path root) throws IOException {
        Optional<Frontier> frontier = FrontierFile.load(root);
        List<Path> used = frontier.isPresent() ? List.of() : JournalScan.usedFiles(root);
        if (used.isEmpty()) {
            return frontier;
        }
        throw new CorruptSegmentException(
                "the frontier of the commit journal is missing: file=" + used.get(0) + ", frontier=" + FrontierFile.path(root)
                        + "; put the frontier back from a copy made since the log was last written, or open the log with SKIP_BAD_RECORDS, which continues"
                        + " without the journal and loses what only the journal held",
                used.get(0), null, WalException.NO_POSITION, 0, 0, null);
    }

    /** Copies a damaged file, or throws. */
    private void setAside(Path file, String name, CorruptSegmentException damage) throws IOException {
        if (!skipBadBlocks) {
            throw damage;
        }
        Optional<Path> copy;
        try (LogFile damaged = LogFile.reading(file)) {
            copy = quarantine.setAsideJournal(file, BadSectors.around(damaged), name);
        }
        if (copy.isEmpty()) {
            throw new CorruptSegmentException(
                    "damage of the commit journal can't be skipped, because the quarantine has no room for a copy: quarantineBytes="
                            + Quarantine.MAX_BYTES + ", file=" + file + ", offset=" + damage.offset() + "; move the files in "
                            + root.resolve(Quarantine.NAME) + " elsewhere",
                    file, null, WalException.NO_POSITION, damage.offset(), damage.length(), damage);
        }
    }

    // ---- the journal

    private RedoResult redo(Frontier frontier) throws IOException {
        forceNames();
        DurableFrontier durable = new DurableFrontier(frontier.segments());
        UnrecordedDeletions deletions = new UnrecordedDeletions(storage, streams, durable, cuts);
        JournalEnd end = new JournalScan(root, frontier).scan(new Survey(durable, deletions));
        cuts.tell(durable);
        forceLastBlock(end);
        List<RedoneSegment> segments = end.bytes() == 0 ? List.of() : writeSegments(frontier, end, deletions);
        segments.stream().filter(segment -> segment.kind() == RedoneSegment.Kind.FINISHED || segment.kind() == RedoneSegment.Kind.DELETED)
                .forEach(segment -> durable.remove(segment.header().key(), segment.header().basePosition()));
        List<RedoResult.Cut> withoutRoom = new CutRedo(storage, streams).run(cuts);
        return new RedoResult(Optional.of(frontier), Optional.of(end), durable, segments, cuts.cuts(), withoutRoom, damages);
    }

    /** The first pass: everything but the bytes themselves. */
    private final class Survey implements JournalVisitor {
        private final DurableFrontier durable;
        private final UnrecordedDeletions deletions;
        private final Set<Path> copied = new HashSet<>();

        Survey(DurableFrontier durable, UnrecordedDeletions deletions) {
            this.durable = durable;
            this.deletions = deletions;
        }

        @Override
        public void bytes(SegmentHeader segment, int offset, ByteBuffer frames) {
            durable.raise(new FrontierSegment(segment.key(), segment.basePosition(), segment.salt(), offset + frames.remaining()));
            deletions.add(segment, offset, frames.remaining());
        }

        @Override
        public void deletedBelow(StreamKey key, long position) {
            cuts.deletedBelow(key, position);
        }

        @Override
        public void truncated(StreamKey key, long from, long to) {
            cuts.truncated(key, from, to);
        }

        @Override
        public boolean damaged(JournalDamage damage) throws IOException {
            CorruptSegmentException error = JournalRedo.damaged(root, damage);
            if (copied.add(damage.file())) {
                setAside(damage.file(), String.valueOf(damage.offset()), error);
            }
            damages.add(damage);
            deletions.damaged();
            return true;
        }
    }

    private List<RedoneSegment> writeSegments(Frontier frontier, JournalEnd end, UnrecordedDeletions deletions) throws IOException {
        SegmentRedo redo = new SegmentRedo(storage, streams, deletions, wasClosed, trustsPageCache, skipBadBlocks,
                (int) Math.min(end.bytes(), gatheredBytes));
        JournalEnd again = new JournalScan(root, frontier).scan(new JournalVisitor() {
            @Override
            public void bytes(SegmentHeader segment, int offset, ByteBuffer frames) throws IOException {
                int kept = cuts.keptEnd(segment, offset + frames.remaining());
                if (kept > offset) {
                    redo.add(segment, offset, frames.slice(frames.position(), kept - offset).order(ByteOrder.LITTLE_ENDIAN));
                }
            }

            @Override
            public boolean damaged(JournalDamage damage) {
                return true;
            }
        });
        if (again.nextSequence() != end.nextSequence() || again.blocks() != end.blocks()) {
            throw new IOException("the journal changed while it was read: nextSequence=" + end.nextSequence() + ", then="
                    + again.nextSequence() + ", blocks=" + end.blocks() + ", then=" + again.blocks() + ", directory=" + root + "; look at the disk");
        }
        redo.flush();
        return redo.results();
    }

    /** A writer that was killed has perhaps made a file, or replaced the frontier, and not forced the name: what is written from here on needs it. */
    private void forceNames() throws IOException {
        if (!wasClosed) {
            DirectoryForce.force(JournalFiles.directory(root));
        }
    }

    private void forceLastBlock(JournalEnd end) throws IOException {
        if (end.last().isEmpty()) {
            return;
        }
        JournalEnd.Block last = end.last().get();
        ByteBuffer chunk = ByteBuffer.allocateDirect(Math.min(CHUNK_BYTES, last.bytes()));
        try (LogFile journal = new LogFile(last.file(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            journal.together(open -> {
                open.copy(last.offset(), last.offset() + last.bytes(), chunk, open::write);
                open.forceContent();
            });
        }
    }
}
