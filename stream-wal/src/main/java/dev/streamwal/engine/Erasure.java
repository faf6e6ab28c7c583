package dev.streamwal.engine;

import dev.streamwal.append.StreamLog;
import dev.streamwal.commit.FlushFailedException;
import dev.streamwal.commit.GroupCommitter;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalFailedException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.error.WalLockedException;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.DirectoryListing;
import dev.streamwal.io.FileStep;
import dev.streamwal.io.FirstFailure;
import dev.streamwal.packing.PackErasure;
import dev.streamwal.packing.PackStore;
import dev.streamwal.packing.Packer;
import dev.streamwal.recovery.Quarantine;
import dev.streamwal.recovery.QuarantinedFile;
import dev.streamwal.recovery.RecordErasure.Erased;
import dev.streamwal.segment.TimeRange;
import dev.streamwal.storage.StorageErrors;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Erases the records of streams in a range of time, wherever they stand. One use.
 *
 * <p>Records go from shared segments and from streams' own segments into packs, and never back, so these are done in that order. Nothing that was
 * appended before can then be missed:
 *
 * <ol>
 *   <li>All that stands in shared segments is packed.
 *   <li>Streams' own segments are sealed and replaced by copies without the records: {@link StreamLog#erase}.
 *   <li>Packs are replaced by packs without them: {@link PackErasure}. A merge that has such a pack ends.
 *   <li>The journal, which may have the records, forgets what it has, and is overwritten: {@link GroupCommitter#scrub}.
 * </ol>
 *
 * <p>Each step may be cut short and done again. A crash leaves each file as it was, or without the records.
 */
public final class Erasure {

    /** How often a stream is sealed and looked through, if a cut comes in between each time, or a slot isn't published. */
    private static final int MAX_TRIES = 3;

    private final Path root;
    private final PackStore store;
    private final Packer packer;
    private final GroupCommitter commits;
    private final Predicate<String> keys;
    private final TimeRange range;
    private final Set<StreamKey> streams = new HashSet<>();
    private final Set<Path> rewritten = new LinkedHashSet<>();
    private Erased erased = Erased.NOTHING;
    private final FirstFailure failures = new FirstFailure();
    private boolean isOver;

    /**
     * An erasure of records with timestamps from one instant on, and before another one.
     *
     * @param keys of the streams
     * @throws IllegalArgumentException if the range ends before it begins
     */
    public static Erasure of(
            Path root, PackStore store, Packer packer, GroupCommitter commits, Predicate<String> keys, Instant from, Instant to) {
        return new Erasure(root, store, packer, commits, keys, TimeRange.of(from, to));
    }

    private Erasure(Path root, PackStore store, Packer packer, GroupCommitter commits, Predicate<String> keys, TimeRange range) {
        this.root = root;
        this.store = store;
        this.packer = packer;
        this.commits = commits;
        this.keys = keys;
        this.range = range;
    }

    /**
     * Erases them; durably. A failure doesn't keep anything else from being erased, unless the log has failed, is closed, or has another writer.
     *
     * @param withSegments all streams with segments of their own, and perhaps others
     * @throws WalException the first failure, after everything else was done; others are suppressed
     */
    public void run(Collection<StreamLog> withSegments) throws IOException {
        attempt(packer::packAllShared, root);
        PackErasure packs = new PackErasure(store, keys, range, this::erased, failures::add, FlushFailedException.class::isInstance);
        try {
            for (StreamLog stream : withSegments) {
                if (keys.test(stream.key().text()) && !stream.key().equals(StreamKey.SHARED)) {
                    attempt(() -> eraseOwn(stream), stream.directory());
                }
            }
            attempt(packs::run, root);
            packer.awaitVainMerge();
        } finally {
            attempt(() -> store.whilePacking(commits::scrub), root);
        }
        // last, because the tier may take long
        attempt(packs::tidy, root);
        failures.throwIfAny();
    }

    private void attempt(FileStep part, Path where) throws IOException {
        if (isOver) {
            return;
        }
        try {
            commits.throwIfFailed();
            part.run();
        } catch (FlushFailedException | WalClosedException | WalLockedException | WalFailedException e) {
            isOver = true;
            throw e;
        } catch (WalException e) {
            failures.add(e);
        } catch (IOException e) {
            failures.add(StorageErrors.translate("erase records", e, where));
        }
    }

    private void eraseOwn(StreamLog stream) throws IOException {
        long upTo = stream.sealForErasure(range);
        List<WalException> damage = new ArrayList<>();
        Optional<Path> unsealed = eraseOwn(stream, upTo, damage);
        for (int tries = 1; unsealed.isPresent() && tries < MAX_TRIES; tries++) {
            long unused = stream.sealForErasure(range);
            damage.clear();
            unsealed = eraseOwn(stream, upTo, damage);
        }
        damage.forEach(failures::add);
        unsealed.ifPresent(file -> failures.add(notSealed(stream, file)));
    }

    private Optional<Path> eraseOwn(StreamLog stream, long upTo, List<WalException> damage) throws IOException {
        return store.whilePacking(() -> stream.erase(range, upTo, this::erased, damage::add));
    }

    private static WalIOException notSealed(StreamLog stream, Path file) {
        return new WalIOException("can't erase records: an append to their segment hasn't completed: stream=" + stream.key()
                + ", file=" + file + "; erase again when all appends to the stream have ended; if that fails, too, close the log, open it and erase again",
                file, stream.key().text(), WalException.NO_POSITION, null);
    }

    private void erased(StreamKey key, Path file, Erased what) {
        streams.add(key);
        rewritten.add(file);
        erased = erased.plus(what);
    }

    /** How many streams had such records. */
    public int streams() {
        return streams.size();
    }

    public Erased erased() {
        return erased;
    }

    /** The files that are without the records now, in the order in which they were written. */
    public List<Path> rewritten() {
        return List.copyOf(rewritten);
    }

    /** The files of the quarantine that may have such records: those of the streams, and those whose names don't tell the stream. Sorted. */
    public List<Path> quarantined() throws IOException {
        List<Path> found = new ArrayList<>();
        try {
            DirectoryListing.each(root.resolve(Quarantine.NAME), file -> {
                if (mayHaveAny(QuarantinedFile.parse(file.getFileName().toString()))) {
                    found.add(file);
                }
            });
        } catch (NoSuchFileException e) {
            // nothing was ever set aside
        }
        Collections.sort(found);
        return found;
    }

    private boolean mayHaveAny(Optional<QuarantinedFile> file) {
        Optional<String> key = file.flatMap(QuarantinedFile::key);
        return key.isEmpty() || keys.test(key.get()) || key.get().equals(StreamKey.SHARED.text());
    }
}
