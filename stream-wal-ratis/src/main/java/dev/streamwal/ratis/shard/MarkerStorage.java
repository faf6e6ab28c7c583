package dev.streamwal.ratis.shard;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.format.SuppressForbidden;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import java.util.Optional;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.SnapshotRetentionPolicy;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.util.MD5FileUtil;

/** What Ratis takes for snapshots: files with an index, and nothing else. */
final class MarkerStorage extends SimpleStateMachineStorage {

    /** Where Ratis puts the folder while it installs a peer's marker: beside it, with the time behind its name. */
    private static final String ASIDE = ".tmp*";

    private boolean isNew;

    /**
     * Ratis installs a peer's marker by two renames of the whole folder. Killed between them, a replica would have no marker: it would look for entries that
     * were purged, without an end, and apply nothing.
     */
    @Override
    @SuppressForbidden("Ratis names its folder as a File")
    public void init(RaftStorage raftStorage) throws IOException {
        Path folder = raftStorage.getStorageDir().getStateMachineDir().toPath();
        if (!Files.exists(folder)) {
            putBack(folder);
        }
        super.init(raftStorage);
    }

    private static void putBack(Path folder) throws IOException {
        Path parent = Objects.requireNonNull(folder.getParent());
        Optional<Path> newest = Optional.empty();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(parent, folder.getFileName() + ASIDE)) {
            for (Path each : all) {
                newest = Optional.of(newest.filter(other -> other.compareTo(each) > 0).orElse(each));
            }
        }
        if (newest.isPresent()) {
            Path unused = Files.move(newest.get(), folder, StandardCopyOption.ATOMIC_MOVE);
            DirectoryForce.force(parent);
        }
        Files.createDirectories(folder);
    }

    /** From now on the Raft log may be purged up to there. */
    @SuppressForbidden("Ratis names its snapshot files as File")
    void mark(TermIndex at) throws IOException {
        Path marker = getSnapshotFile(at.getTerm(), at.getIndex()).toPath();
        byte[] text = at.toString().getBytes(UTF_8);
        LogFile.replace(marker.resolveSibling("marker.new"), marker, file -> file.write(0, ByteBuffer.wrap(text)));
        FileInfo file = new FileInfo(marker, MD5FileUtil.computeAndSaveMd5ForFile(marker.toFile()));
        DirectoryForce.force(Objects.requireNonNull(marker.getParent()));
        var unused = updateLatestSnapshot(new SingleFileSnapshotInfo(file, at));
        isNew = true;
    }

    /** Ratis calls this behind each look for a new marker; it lists folders. */
    @Override
    public void cleanupOldSnapshots(SnapshotRetentionPolicy policy) throws IOException {
        if (isNew) {
            super.cleanupOldSnapshots(policy);
            isNew = false;
        }
    }
}
