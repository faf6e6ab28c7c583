package dev.streamwal.manifest;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.IoFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Changes the manifest of a log; the log has one writer. Thread-safe. */
public final class ManifestWriter {

    /** More changes than a writer can make before it has written one of them to both the file and the copy. */
    private static final long NUMBERS_PASSED = 1 << 20;

    private final Path root;
    private volatile Manifest current;
    private long lastEdits;
    /** Whether the files may differ from {@link #current}. */
    private volatile boolean isOpen;
    /** Whether there is no copy, because the disk was full when one was to be written. */
    @GuardedBy("this")
    private boolean lacksCopy;
    /** Whether the name of the manifest's directory is durable. */
    @GuardedBy("this")
    private boolean isNamed;

    private ManifestWriter(Path root, Manifest current) {
        this.root = root;
        this.current = current;
        this.lastEdits = current.edits();
    }

    /** Reads the manifest; rewrites the file or the copy if it lacks a change, or can't be read. */
    public static ManifestWriter open(Path root) throws IOException {
        Manifest read = ManifestFile.read(root);
        if (read == Manifest.EMPTY) {
            return new ManifestWriter(root, read);
        }
        boolean isFirst = ManifestFile.isFirst(root, read);
        // the file may have had changes that weren't acknowledged, but that readers have seen. So later changes get numbers that those changes can't
        // have had: readers notice a change by its number
        Manifest found = isFirst ? read : read.numbered(read.edits() + NUMBERS_PASSED);
        ManifestWriter writer = new ManifestWriter(root, found);
        if (!isFirst) {
            ManifestFile.write(root, ManifestFile.path(root), ManifestLayout.encode(found));
        }
        // rewritten even if it could be read: a killed process may have left a change unforced
        if (!ManifestFile.isCopied(root, found)) {
            writer.writeCopy(ManifestLayout.encode(found));
        }
        return writer;
    }

    /** The current manifest. */
    public Manifest current() {
        return current;
    }

    /**
     * Writes the log's first manifest, durably. Call it before the first pack is written: if there are packs and no manifest, the manifest was lost,
     * and the packs aren't leftovers.
     */
    public void begin() throws IOException {
        if (current == Manifest.EMPTY) {
            change(manifest -> manifest.with(List.of()));
        }
    }

    /** Adds a pack, durably. */
    public void add(ListedPack added) throws IOException {
        change(manifest -> manifest.with(List.of(added)));
    }

    /** Adds packs in place of others, durably: see {@link Manifest#replaced}. */
    public void replace(List<ListedPack> added, List<Long> removed, Manifest copied) throws IOException {
        change(manifest -> manifest.replaced(added, removed, copied));
    }

    /** Makes ranges void in the packs listed now, durably. */
    public void makeVoid(List<VoidRange> ranges) throws IOException {
        change(manifest -> manifest.voided(ranges));
    }

    /** Removes packs, and makes ranges void in the others: both or neither, durably. */
    public void removeAndMakeVoid(List<Long> removed, List<VoidRange> ranges) throws IOException {
        change(manifest -> manifest.replaced(List.of(), removed, manifest).voided(ranges));
    }

    /** Drops ranges that cover nothing any more, in packs or in shared segments, durably. */
    public void dropVoid(Set<VoidRange> ranges) throws IOException {
        change(manifest -> manifest.without(ranges));
    }

    /** Adds packs with the records of the shared segments that begin below a position, durably. */
    public void addPacked(List<ListedPack> added, long sharedBelow) throws IOException {
        change(manifest -> manifest.with(added).packedBelow(sharedBelow));
    }

    /** Adds a pack, and makes ranges void in the others: both or neither, durably. */
    public void addAndMakeVoid(ListedPack added, List<VoidRange> ranges) throws IOException {
        change(manifest -> manifest.with(List.of(added)).voided(ranges));
    }

    /** Notes the log's tier, or another place of the tier, durably. */
    public void bind(LogTier tier) throws IOException {
        change(manifest -> manifest.with(tier));
    }

    /** Notes that a pack's frames are in the tier, durably: from here on its file may be deleted. */
    public void toTier(long number, TierObject object) throws IOException {
        change(manifest -> manifest.inTier(number, object));
    }

    /** Notes that a pack is in the log's directory again, durably: from here on its object in the tier may be deleted. */
    public void fromTier(long number) throws IOException {
        change(manifest -> manifest.fetched(number));
    }

    /** Whether a change has failed, so that the files may differ from {@link #current()}: see {@link #settle}. */
    public boolean isOpen() {
        return isOpen;
    }

    /**
     * After a failed change, writes {@link #current()} durably: without this call, a crash may still decide whether the failed change counts. Call it
     * before deleting anything that only a pack of the failed change may hold.
     */
    public void settle() throws IOException {
        if (isOpen) {
            change(manifest -> manifest);
        }
    }

    /**
     * Writes the file, then the copy.
     *
     * <p><b>When the disk is full.</b> Most changes that a full disk needs free more room than they take, because packs are deleted after them. So a
     * change must not need room itself. It overwrites the copy in that case, and the log has no copy until there is room: see {@link #complete}.
     */
    private synchronized void change(UnaryOperator<Manifest> edit) throws IOException {
        Manifest next = edit.apply(current).numbered(lastEdits + 1);
        isOpen = true;
        // a number that may be on the disk is not given again: readers notice changes by it
        lastEdits = next.edits();
        makeDirectory();
        ByteBuffer bytes = ManifestLayout.encode(next);
        writeFirst(next, bytes);
        current = next;
        writeCopy(bytes);
        isOpen = false;
    }

    private void writeFirst(Manifest next, ByteBuffer bytes) throws IOException {
        try {
            ManifestFile.write(root, ManifestFile.path(root), bytes);
        } catch (IOException e) {
            if (!IoFailure.isDiskFull(e)) {
                throw e;
            }
            try {
                ManifestFile.writeOverCopy(root, next);
            } catch (IOException overCopy) {
                e.addSuppressed(overCopy);
                throw e;
            }
        }
    }

    private synchronized void writeCopy(ByteBuffer bytes) throws IOException {
        lacksCopy = true;
        try {
            ManifestFile.write(root, ManifestFile.copy(root), bytes);
            lacksCopy = false;
        } catch (IOException e) {
            if (!IoFailure.isDiskFull(e)) {
                throw e;
            }
            // an old copy would list packs that are deleted
            ManifestFile.deleteCopy(root);
        }
    }

    /** Writes the copy if a full disk has left none. Call it after something was deleted; if the disk is still full, nothing changes. */
    public synchronized void complete() throws IOException {
        if (lacksCopy && !isOpen) {
            writeCopy(ManifestLayout.encode(current));
        }
    }

    /** The directory may exist without a durable name, after a failed change or a killed process. */
    @GuardedBy("this")
    private void makeDirectory() throws IOException {
        if (!isNamed) {
            Path directory = ManifestFile.directory(root);
            DirectoryForce.create(directory);
            DirectoryForce.forceNameOf(directory);
            isNamed = true;
        }
    }
}
