package dev.streamwal.cli;

import dev.streamwal.consumer.CursorFiles;
import dev.streamwal.consumer.CursorReader;
import dev.streamwal.encryption.KeysFile;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.io.IoFailure;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.recovery.JournalRedo;
import dev.streamwal.storage.PositionsWriter;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Checks the files of a log that reading its records doesn't need, or of which a copy does. Nothing else tells of damage there before the log is opened for
 * writing, which may be refused then, or before the copy is damaged, too.
 */
final class FilesBesideRecords {

    /** Longer than the disk lets a thread wait in the middle of a write. */
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Path root;
    private final List<String> found = new ArrayList<>();

    /** Looks at one file, or several; throws what is wrong with it. */
    @FunctionalInterface
    private interface Look {
        void take() throws IOException;
    }

    private FilesBesideRecords(Path root) {
        this.root = root;
    }

    /**
     * What is damaged, a message a file; the log may be live.
     *
     * @param root of a log that has streams
     */
    static List<String> damage(Path root) throws IOException {
        List<String> damage = damageNow(root);
        if (!damage.isEmpty()) {
            // a writer may have been in the middle of a change
            LockSupport.parkNanos(PAUSE_NANOS);
            damage.retainAll(damageNow(root));
        }
        return damage;
    }

    private static List<String> damageNow(Path root) throws IOException {
        FilesBesideRecords files = new FilesBesideRecords(root);
        files.look(() -> {
            PositionsWriter unused = PositionsWriter.load(root, () -> true);
        });
        files.look(() -> JournalRedo.damage(root).ifPresent(files::add));
        for (Path consumer : CursorFiles.list(root)) {
            files.look(() -> new CursorReader(consumer).refresh());
        }
        ManifestFile.damage(root).forEach(each -> files.found.add(each.getMessage() + "; the other one of " + ManifestFile.path(root).getFileName() + " and "
                + ManifestFile.copy(root).getFileName() + " is whole, and opening the log for writing writes this one again"));
        KeysFile.damage(root).forEach(each -> files.found.add(each.getMessage() + "; put a copy of the other one of " + KeysFile.path(root).getFileName()
                + " and " + KeysFile.copy(root).getFileName() + " in its place while no process writes the log"));
        return files.found;
    }

    private void look(Look look) throws IOException {
        try {
            look.take();
        } catch (CorruptSegmentException e) {
            add(e);
        } catch (NoSuchFileException e) {
            // a writer has deleted it since it was listed
        } catch (IOException e) {
            if (!IoFailure.isOfFile(e)) {
                throw e;
            }
            add(IoFailure.of("verifying", e, root, null, WalException.NO_POSITION));
        }
    }

    private void add(WalException damage) {
        found.add(String.valueOf(damage.getMessage()));
    }
}
