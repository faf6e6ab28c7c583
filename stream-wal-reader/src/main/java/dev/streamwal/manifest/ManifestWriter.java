package dev.streamwal.manifest;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.streamwal.io.DirectoryForce;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;

/** Changes the manifest of a log; the log has one writer. Thread-safe. */
public final class ManifestWriter {

    private final Path root;
    private volatile Manifest current;
    private long lastEdits;
    /** Whether the files may say something else. */
    private volatile boolean isOpen;
    /** Whether the name of the manifest's directory is durable. */
    @GuardedBy("this")
    private boolean isNamed;

    private ManifestWriter(Path root, Manifest current) {
        this.root = root;
        this.current = current;
        this.lastEdits = current.edits();
    }

    /** Reads the manifest; makes the copy anew where it lacks something, or can't be read. */
    public static ManifestWriter open(Path root) throws IOException {
        Manifest found = ManifestFile.read(root);
        if (found != Manifest.EMPTY) {
            // also where it could be read: a process that was killed may have left a change unforced
            if (!ManifestFile.isFirst(root, found)) {
                ManifestFile.write(root, ManifestFile.path(root), found);
            }
            if (!ManifestFile.isCopied(root, found)) {
                ManifestFile.write(root, ManifestFile.copy(root), found);
            }
        }
        return new ManifestWriter(root, found);
    }

    /** As it is now. */
    public Manifest current() {
        return current;
    }

    /**
     * Has the log have a manifest, durably: before its first pack is written. So where there are packs and no manifest, it was lost, and the
     * packs aren't taken for leftovers.
     */
    public void begin() throws IOException {
        if (current == Manifest.EMPTY) {
            change(manifest -> manifest.replaced(List.of(), List.of()));
        }
    }

    /** Lists packs, and others no more: both or neither, durably. */
    public void replace(List<ListedPack> added, List<Long> removed) throws IOException {
        change(manifest -> manifest.replaced(added, removed));
    }

    /** Says what the manifest of another log with the same packs and shared segments says; durably. */
    public void copy(Manifest other) throws IOException {
        change(unused -> other);
    }

    /** Segments don't count any more in the packs that there are, durably. */
    public void makeVoid(List<VoidRange> ranges) throws IOException {
        change(manifest -> manifest.voided(ranges));
    }

    /** Lists packs that have what stands in the shared segments that begin below a position; durably. */
    public void addPacked(List<ListedPack> added, long sharedBelow) throws IOException {
        change(manifest -> manifest.replaced(added, List.of()).packedBelow(sharedBelow));
    }

    /** Lists a pack, and segments don't count any more in the others: both or neither, durably. */
    public void addAndMakeVoid(ListedPack added, List<VoidRange> ranges) throws IOException {
        change(manifest -> manifest.replaced(List.of(added), List.of()).voided(ranges));
    }

    /** Whether a change has failed, and the files may say something else than {@link #current()}: see {@link #settle}. */
    public boolean isOpen() {
        return isOpen;
    }

    /**
     * Has the files say durably what {@link #current()} says, where a change that failed has left that open: it may have come to the disk or not,
     * and a crash may still decide that. Whoever deletes something that a pack may have had by such a change asks for this first.
     */
    public void settle() throws IOException {
        if (isOpen) {
            change(manifest -> manifest);
        }
    }

    private synchronized void change(UnaryOperator<Manifest> edit) throws IOException {
        Manifest next = edit.apply(current).numbered(lastEdits + 1);
        isOpen = true;
        // a number that may have come to the disk is not given again: readers tell by it that something has changed
        lastEdits = next.edits();
        makeDirectory();
        ManifestFile.write(root, ManifestFile.path(root), next);
        current = next;
        ManifestFile.write(root, ManifestFile.copy(root), next);
        isOpen = false;
    }

    /** The directory may be there and its name not be durable: of a change that failed, or of a process that was killed. */
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
