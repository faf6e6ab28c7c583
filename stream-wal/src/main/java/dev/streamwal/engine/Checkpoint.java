package dev.streamwal.engine;

import dev.streamwal.append.StreamLog;
import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.consumer.CursorFiles;
import dev.streamwal.encryption.KeysFile;
import dev.streamwal.encryption.WrappedKey;
import dev.streamwal.format.PositionsLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.image.CheckpointFolder;
import dev.streamwal.io.FileLink;
import dev.streamwal.packing.PackStore;
import dev.streamwal.packing.TierCopies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;

/** Copies a log that is being written. */
public final class Checkpoint {

    /** Packs go to the tier once an interval, so another look finds all that went. */
    private static final int MAX_LOOKS = 16;

    private Checkpoint() {}

    /**
     * Copies the log. What is in its tier is read first, without the lock of deletions, and again if more went there meanwhile. A target on another
     * disk is filled last, without that lock: see {@link LinkFolder}.
     *
     * @param streams asked under that lock
     */
    public static void create(Path root, Path target, Supplier<List<StreamLog>> streams, PackStore packs) throws IOException {
        CheckpointFolder.create(root, target);
        try (LinkFolder links = LinkFolder.create(root, target).orElse(null)) {
            TierCopies tier = new TierCopies(packs, target);
            copyWithTier(root, links == null ? target : links.path(), streams, packs, tier, target);
            if (links != null) {
                links.copyTo(target);
            } else {
                CheckpointFolder.forceNames(target);
            }
        }
    }

    private static void copyWithTier(Path root, Path folder, Supplier<List<StreamLog>> streams, PackStore packs, TierCopies tier, Path target)
            throws IOException {
        for (int look = 1; ; look++) {
            tier.read();
            boolean isCopied = packs.whileDeleting(() -> {
                if (tier.isComplete()) {
                    copy(root, folder, streams.get(), packs);
                    return true;
                }
                return false;
            });
            if (isCopied) {
                return;
            }
            if (look == MAX_LOOKS) {
                throw new IOException("packs went to the log's tier during every attempt to copy the log: attempts=" + look + ", target=" + target
                        + "; delete it, and try again");
            }
        }
    }

    /**
     * Cursors are copied first, so that what they have committed is in the segments copied later. Otherwise a consumer that was ahead of the
     * copy would miss the records that the copy gets at these positions. Positions are copied last: they are at or above what the segments
     * need, since the writer raises them before it creates a segment.
     *
     * @param target has nothing but the packs in the tier
     */
    private static void copy(Path root, Path target, List<StreamLog> streams, PackStore packs) throws IOException {
        copyCursors(root, target);
        FolderUpgrade.refuseOldVersions(target);
        Path folder = Files.createDirectory(target.resolve(StreamDirectory.NAME));
        // shared segments come last: a stream that shares may get segments of its own meanwhile, with records behind its shared ones, and never the
        // other way round
        List<StreamLog> inOrder = new ArrayList<>(streams);
        inOrder.sort(Comparator.comparing(stream -> stream.key().equals(StreamKey.SHARED)));
        for (StreamLog stream : inOrder) {
            stream.copyTo(folder.resolve(stream.directory().getFileName().toString()));
        }
        // after the streams: data that moves into a pack meanwhile is in both
        packs.copyTo(target);
        FileLink.copy(root.resolve(PositionsLayout.FILE_NAME), target.resolve(PositionsLayout.FILE_NAME));
        copyKeys(root, target);
    }

    /** After the data: a key is in the file before the first record is encrypted with it. */
    private static void copyKeys(Path root, Path target) throws IOException {
        List<WrappedKey> keys = KeysFile.read(root);
        if (!keys.isEmpty()) {
            KeysFile.write(target, keys);
        }
    }

    /** Copied, not linked, since cursor files are appended to. A copy that ends within an entry counts up to the entry before. */
    private static void copyCursors(Path root, Path target) throws IOException {
        List<Path> cursors = CursorFiles.list(root);
        if (!cursors.isEmpty()) {
            Path folder = Files.createDirectory(CursorFiles.directory(target));
            for (Path cursor : cursors) {
                try {
                    FileLink.copy(cursor, folder.resolve(cursor.getFileName().toString()));
                } catch (NoSuchFileException e) {
                    // the consumer has been removed
                }
            }
        }
    }
}
