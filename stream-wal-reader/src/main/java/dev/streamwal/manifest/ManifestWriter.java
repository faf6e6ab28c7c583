package dev.streamwal.manifest;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.FileForce;
import dev.streamwal.io.FileStep;
import dev.streamwal.io.IoFailure;
import dev.streamwal.manifest.ManifestFile.Written;
import dev.streamwal.pack.PackFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Changes the manifest of a log; the log has one writer. A change is appended to the files. When as much has been appended as the files had, they are
 * written as a whole. Thread-safe.
 */
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
    /** Lengths of the file and of its copy, 0 if nothing may be appended to it; and length of the file without what was appended. */
    @GuardedBy("this")
    private int fileBytes;
    @GuardedBy("this")
    private int copyBytes;
    @GuardedBy("this")
    private int wholeBytes;
    /** Whether the file may still have a part of a change that failed. Then the file doesn't count, even if it can be read. */
    @GuardedBy("this")
    private boolean isUncut;
    /** Whether the name of the manifest's directory is durable. */
    @GuardedBy("this")
    private boolean isNamed;

    private ManifestWriter(Path root, Manifest current) {
        this.root = root;
        this.current = current;
        // readers elsewhere may have seen a change that was taken back: its number is passed over
        this.lastEdits = current == Manifest.EMPTY ? 0 : current.edits() + NUMBERS_PASSED;
    }

    /** Reads the manifest; rewrites the file or the copy if it lacks a change, or can't be read. */
    public static ManifestWriter open(Path root) throws IOException {
        Manifest read = ManifestFile.read(root);
        if (read == Manifest.EMPTY) {
            return new ManifestWriter(root, read);
        }
        Optional<Written> file = ManifestFile.written(root, ManifestFile.path(root), read);
        // readers may have seen changes in the file that weren't acknowledged: the next changes get numbers that those can't have had, so that readers
        // notice them
        Manifest found = file.isPresent() ? read : read.numbered(read.edits() + NUMBERS_PASSED);
        ManifestWriter writer = new ManifestWriter(root, found);
        writer.takeOver(file);
        return writer;
    }

    /** @param file content of the file; empty if the file can't be read, or lacks a change */
    private synchronized void takeOver(Optional<Written> file) throws IOException {
        if (file.isPresent()) {
            fileBytes = file.get().bytesToAppendTo();
            wholeBytes = file.get().wholeBytes();
            forceAppended(ManifestFile.path(root), file.get());
        } else {
            // only the copy has what counts, as after a loss of power that left a part of a change in the file; if the disk is full, the file is
            // overwritten in place, so that the log can be opened, and room be made
            ByteBuffer bytes = ManifestLayout.encode(current);
            writeFile(bytes, () -> ManifestFile.writeOver(ManifestFile.path(root), bytes));
        }
        Optional<Written> copy = ManifestFile.written(root, ManifestFile.copy(root), current);
        if (copy.isPresent()) {
            copyBytes = copy.get().bytesToAppendTo();
            forceAppended(ManifestFile.copy(root), copy.get());
        } else {
            // rewritten even if it could be read: a killed process may have left a change unforced
            writeCopy(ManifestLayout.encode(current));
        }
        // a killed process may have left the copy's name unforced, too, and from here on the file is written in place
        DirectoryForce.force(PackFiles.directory(root));
    }

    /** A killed process may have left the last change unforced. */
    private static void forceAppended(Path path, Written written) throws IOException {
        if (written.isAppendedTo()) {
            FileForce.force(path);
        }
    }

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
     * Changes the manifest, durably: all of the edit, or nothing. First the file is changed, then the copy.
     *
     * <p><b>When the disk is full.</b> Most changes that a full disk needs free more room than they take, because packs are deleted after them. So a
     * change must not need room itself. It overwrites the copy in that case, and the log has no copy until there is room: see {@link #complete}.
     */
    public synchronized void change(UnaryOperator<Manifest> edit) throws IOException {
        Manifest next = edit.apply(current).numbered(lastEdits + 1);
        // after a failed change, the files may have something that current doesn't have
        ByteBuffer appended = isOpen || lacksCopy || fileBytes == 0 || copyBytes == 0 ? null : change(next);
        isOpen = true;
        // a number that may be on the disk is not given again: readers notice changes by it
        lastEdits = next.edits();
        if (appended != null && isAppended(appended)) {
            current = next;
            appendToCopy(appended);
        } else {
            makeDirectory();
            ByteBuffer bytes = ManifestLayout.encode(next);
            writeFile(bytes, () -> ManifestFile.writeOverCopy(root, bytes));
            current = next;
            writeCopy(bytes);
        }
        isOpen = false;
    }

    /** The bytes to append; null if the manifest is to be written as a whole. */
    @GuardedBy("this")
    private @Nullable ByteBuffer change(Manifest next) {
        Optional<ByteBuffer> change = ManifestChange.between(current, next).map(ManifestLayout::encode);
        boolean isRoom = change.isPresent() && fileBytes - wholeBytes + (long) change.get().limit() <= ManifestLayout.roomForChanges(wholeBytes);
        return isRoom ? change.get() : null;
    }

    /**
     * Appends a change to the file. Returns false if that failed: then the content of the file doesn't count, and the file is to be replaced. Before
     * that, the file is cut to its earlier length: a full disk leaves a part of a change in it, and the copy can be overwritten only if the file can be
     * read.
     */
    @GuardedBy("this")
    private boolean isAppended(ByteBuffer change) throws IOException {
        int length = fileBytes;
        fileBytes = 0;
        ManifestFile.checkLength(ManifestFile.path(root), length);
        try {
            ManifestFile.append(ManifestFile.path(root), length, change);
            fileBytes = length + change.limit();
            return true;
        } catch (IOException e) {
            try {
                ManifestFile.cut(ManifestFile.path(root), length);
            } catch (IOException uncut) {
                // the write that replaces the file says why that isn't possible either
                isUncut = true;
            }
            return false;
        }
    }

    @GuardedBy("this")
    private void appendToCopy(ByteBuffer change) throws IOException {
        int length = copyBytes;
        copyBytes = 0;
        lacksCopy = true;
        try {
            ManifestFile.append(ManifestFile.copy(root), length, change);
            copyBytes = length + change.limit();
            lacksCopy = false;
        } catch (IOException e) {
            // as a whole, or not at all if the disk is full
            writeCopy(ManifestLayout.encode(current));
        }
    }

    /** @param inPlace writes a manifest where a full disk has no room for another file */
    @GuardedBy("this")
    private void writeFile(ByteBuffer bytes, FileStep inPlace) throws IOException {
        fileBytes = 0;
        try {
            ManifestFile.write(root, ManifestFile.path(root), bytes);
            isUncut = false;
        } catch (IOException e) {
            if (!IoFailure.isDiskFull(e) || isUncut) {
                throw e;
            }
            // it may be what is overwritten
            copyBytes = 0;
            try {
                inPlace.run();
            } catch (IOException failure) {
                e.addSuppressed(failure);
                throw e;
            }
        }
        fileBytes = bytes.limit();
        wholeBytes = fileBytes;
    }

    private synchronized void writeCopy(ByteBuffer bytes) throws IOException {
        lacksCopy = true;
        copyBytes = 0;
        try {
            ManifestFile.write(root, ManifestFile.copy(root), bytes);
            copyBytes = bytes.limit();
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
            Path directory = PackFiles.directory(root);
            DirectoryForce.create(directory);
            DirectoryForce.forceNameOf(directory);
            isNamed = true;
        }
    }
}
