package dev.streamwal.manifest;

import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.IoFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Changes the manifest of a log; the log has one writer. Thread-safe. */
public final class ManifestWriter {

    private final Path root;
    private volatile Manifest current;
    /** Why nothing can be changed any more; null where it can. */
    private @Nullable IOException failed;

    private ManifestWriter(Path root, Manifest current) {
        this.root = root;
        this.current = current;
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

    /** Segments don't count any more in the packs that there are, durably. */
    public void makeVoid(List<VoidRange> ranges) throws IOException {
        change(manifest -> manifest.voided(ranges));
    }

    /** Lists a pack, and segments don't count any more in the others: both or neither, durably. */
    public void addAndMakeVoid(ListedPack added, List<VoidRange> ranges) throws IOException {
        change(manifest -> manifest.replaced(List.of(added), List.of()).voided(ranges));
    }

    private synchronized void change(UnaryOperator<Manifest> edit) throws IOException {
        IOException before = failed;
        if (before != null) {
            throw new IOException("a change of the manifest has failed, and none is made any more: " + before.getMessage() + ", file="
                    + ManifestFile.path(root) + "; close the log and open it again", before);
        }
        Manifest next = edit.apply(current);
        try {
            makeDirectory();
            ManifestFile.write(root, ManifestFile.path(root), next);
            // readers in this process see it when it is durable, and not before
            current = next;
            ManifestFile.write(root, ManifestFile.copy(root), next);
        } catch (IOException e) {
            // what could not be forced is not known to be written; without room, or a descriptor, nothing was
            failed = IoFailure.isDiskFull(e) || IoFailure.isTooManyOpenFiles(e) ? null : e;
            throw e;
        }
    }

    private void makeDirectory() throws IOException {
        Path directory = ManifestFile.directory(root);
        if (!Files.isDirectory(directory)) {
            DirectoryForce.create(directory);
        }
    }
}
