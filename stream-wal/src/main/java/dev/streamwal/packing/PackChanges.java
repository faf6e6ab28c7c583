package dev.streamwal.packing;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.error.WalClosedException;
import dev.streamwal.error.WalException;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.DirectoryListing;
import dev.streamwal.io.FileStep;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.ManifestWriter;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.storage.WriterFence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Changes which packs there are: first the manifest, then the files, of which those go that the manifest doesn't list. Thread-safe: the monitor is held
 * over a change, so that no file is deleted that a change is about to list. When the log is closed nothing is changed any more.
 */
final class PackChanges {

    private final Path root;
    private final ChannelCache channels;
    private final ManifestWriter manifest;
    private final WriterFence fence;
    private final Consumer<Manifest> keepOnly;
    private final LongAdder writtenBytes = new LongAdder();
    /** Packs that the manifest may or may not list; the files of those that it doesn't list are deleted. */
    @GuardedBy("this")
    private final Set<Long> inDoubt = new HashSet<>();
    /** Of these, packs that a sweep still reads, in order to report what was in them. */
    @GuardedBy("this")
    private final Set<Long> read = new HashSet<>();
    private volatile @Nullable IOException notDeleted;
    @GuardedBy("this")
    private boolean isEnded;

    /** @param keepOnly called whenever packs may have gone, with the monitor */
    PackChanges(Path root, ChannelCache channels, ManifestWriter manifest, WriterFence fence, Consumer<Manifest> keepOnly) {
        this.root = root;
        this.channels = channels;
        this.manifest = manifest;
        this.fence = fence;
        this.keepOnly = keepOnly;
    }

    // ---------------------------------------------------------------- what an earlier writer has left

    /** Deletes leftovers of a writer that ended in the middle of writing a pack. */
    void deleteLeftovers(PackNumbers numbers) throws IOException {
        numbers.isTaken(manifest.current().highestNumber());
        try {
            DirectoryListing.each(PackFiles.directory(root), file -> {
                String name = file.getFileName().toString();
                OptionalLong number = PackFiles.parse(name);
                numbers.isTaken(number.orElse(0));
                if (isLeftover(name, number) || file.equals(PackFiles.temporaryKeys(root))) {
                    deleteLeftover(file, name, numbers);
                }
            });
        } catch (NoSuchFileException e) {
            // there has never been one
        }
    }

    /**
     * A leftover that can't be deleted now doesn't keep the log from being opened: nothing reads it, its number isn't given again, and each change of
     * the packs tries again to delete a pack's file.
     */
    private synchronized void deleteLeftover(Path file, String name, PackNumbers numbers) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            notDeleted = e;
            for (OptionalLong number : List.of(PackFiles.parse(name), PackFiles.parseTable(name))) {
                if (number.isPresent()) {
                    inDoubt.add(number.getAsLong());
                }
            }
            numbers.isTaken(PackFiles.parseTemporary(name).orElse(0));
        }
    }

    /** If a pack is in the tier, its table belongs here, and its own file is a leftover; for other packs it is the other way round. */
    private boolean isLeftover(String name, OptionalLong number) {
        Manifest now = manifest.current();
        OptionalLong table = PackFiles.parseTable(name);
        boolean isStale = number.isPresent() && (now.pack(number.getAsLong()).isEmpty() || now.object(number.getAsLong()).isPresent());
        boolean isStaleTable = table.isPresent() && now.object(table.getAsLong()).isEmpty();
        return isStale || isStaleTable || PackFiles.parseTemporary(name).isPresent() || PackFiles.isTemporaryOfTier(name);
    }

    // ---------------------------------------------------------------- the manifest

    /**
     * Changes the manifest. Files are deleted after that: a reader that misses one reads the manifest again.
     *
     * @param come packs that were written for it
     * @param go packs that it doesn't list any more
     */
    synchronized void make(Collection<ListedPack> come, Collection<ListedPack> go, FileStep edit) throws IOException {
        checkWriter();
        come.forEach(pack -> {
            inDoubt.add(pack.number());
            writtenBytes.add(pack.bytes());
        });
        go.forEach(pack -> inDoubt.add(pack.number()));
        edit.run();
        deleteUnlisted();
        manifest.complete();
    }

    synchronized void settle() throws IOException {
        if (isEnded) {
            throw closedException();
        }
        if (manifest.isOpen()) {
            fence.check();
            manifest.settle();
        }
        deleteUnlisted();
        if (!fence.isLostNow()) {
            manifest.complete();
        }
    }

    /** Right before a change, under the monitor until that is done. */
    @GuardedBy("this")
    void checkWriter() {
        if (isEnded) {
            throw closedException();
        }
        fence.check();
    }

    WalClosedException closedException() {
        return new WalClosedException("the log is closed: root=" + root, root, null, WalException.NO_POSITION, null);
    }

    /** From now on nothing is changed. */
    synchronized void end() {
        isEnded = true;
    }

    // ---------------------------------------------------------------- the files

    /** Deletes the file, if there is one, of a pack that won't be listed. */
    synchronized void discard(long number) {
        inDoubt.add(number);
        deleteIfSettled();
    }

    /** Keeps the files of packs as long as a sweep reads them. */
    synchronized void stillRead(List<Long> numbers, boolean areRead) {
        if (areRead) {
            read.addAll(numbers);
        } else {
            numbers.forEach(read::remove);
            deleteIfSettled();
        }
    }

    @GuardedBy("this")
    private void deleteIfSettled() {
        // after the end, the next opening deletes the files, and gives their numbers again only after that
        if (!manifest.isOpen() && !isEnded) {
            deleteUnlisted();
        }
    }

    @GuardedBy("this")
    private void deleteUnlisted() {
        // another writer gives the same numbers to packs of its own, and lists them in a manifest of its own
        if (inDoubt.isEmpty() || fence.isLostNow()) {
            return;
        }
        Manifest now = manifest.current();
        keepOnly.accept(now);
        IOException failure = null;
        for (Iterator<Long> all = inDoubt.iterator(); all.hasNext(); ) {
            long number = all.next();
            if (read.contains(number)) {
                continue;
            }
            try {
                if (now.pack(number).isEmpty() || now.object(number).isPresent()) {
                    delete(PackFiles.pack(root, number));
                }
                if (now.tier().isPresent() && now.object(number).isEmpty()) {
                    delete(PackFiles.table(root, number));
                }
                all.remove();
            } catch (IOException e) {
                // the manifest has decided what is listed; the file goes later
                failure = failure == null ? e : failure;
            }
        }
        notDeleted = failure;
    }

    private void delete(Path file) throws IOException {
        channels.forget(file);
        Files.deleteIfExists(file);
    }

    /** Why a file of a pack that isn't listed any more is still there; each change tries again to delete it. */
    Optional<IOException> notDeleted() {
        return Optional.ofNullable(notDeleted);
    }

    /** Bytes of the packs written since the log was opened. */
    long writtenBytes() {
        return writtenBytes.sum();
    }
}
