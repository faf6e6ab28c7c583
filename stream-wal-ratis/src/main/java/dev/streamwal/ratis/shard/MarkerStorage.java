package dev.streamwal.ratis.shard;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.format.SuppressForbidden;
import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.statemachine.SnapshotRetentionPolicy;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.util.MD5FileUtil;

/** What Ratis takes for snapshots: files with an index, and nothing else. */
final class MarkerStorage extends SimpleStateMachineStorage {

    private boolean isNew;

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
