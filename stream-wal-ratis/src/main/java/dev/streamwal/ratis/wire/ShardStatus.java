package dev.streamwal.ratis.wire;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * What a replica says of one of its shards.
 *
 * @param appliedIndex of the last entry of the Raft log that was applied; -1 before the first
 * @param imageIndex of the last entry that the newest image has; -1 where there is none
 * @param clockMillis the replicated time; 0 before the first entry
 * @param streams that have records which are younger than their retention
 * @param images made since the shard was started
 * @param longestImageMillis for how long nothing was applied at the longest
 * @param fetchedImages of peers, since the shard was started
 * @param isDamaged whether a peer's log will be fetched at the next start
 * @param isClockAhead whether the replica's clock is too far ahead to be believed
 */
public record ShardStatus(boolean isLeader, long appliedIndex, long imageIndex, long clockMillis, int streams, long images, long longestImageMillis,
        int fetchedImages, boolean isDamaged, boolean isClockAhead) {

    public byte[] encode() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeBoolean(isLeader);
        out.writeLong(appliedIndex);
        out.writeLong(imageIndex);
        out.writeLong(clockMillis);
        out.writeInt(streams);
        out.writeLong(images);
        out.writeLong(longestImageMillis);
        out.writeInt(fetchedImages);
        out.writeBoolean(isDamaged);
        out.writeBoolean(isClockAhead);
        return bytes.toByteArray();
    }

    public static ShardStatus decode(DataInputStream source) throws IOException {
        return new ShardStatus(source.readBoolean(), source.readLong(), source.readLong(), source.readLong(), source.readInt(), source.readLong(),
                source.readLong(), source.readInt(), source.readBoolean(), source.readBoolean());
    }
}
