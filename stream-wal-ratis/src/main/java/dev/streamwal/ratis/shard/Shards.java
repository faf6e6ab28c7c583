package dev.streamwal.ratis.shard;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;

/**
 * The shards of a log: which there are, and which has a key. A shard is a Raft group. How many there are is part of each group's identity, so that replicas
 * and clients that disagree never meet, instead of looking for a key in the wrong shard.
 */
public record Shards(int count) {

    public static final int MAX_SHARDS = 64;

    /** The shard that has all records of a key. */
    public int of(String key) {
        CRC32C crc = new CRC32C();
        crc.update(key.getBytes(UTF_8));
        return (int) (crc.getValue() % count);
    }

    public RaftGroupId groupId(int shard) {
        return RaftGroupId.valueOf(UUID.nameUUIDFromBytes(("stream-wal shard " + shard + " of " + count).getBytes(UTF_8)));
    }

    /**
     * Leaders are spread: each shard prefers another replica.
     *
     * @param addresses of the replicas, by name
     */
    public RaftGroup group(int shard, Map<String, String> addresses) {
        List<RaftPeer> peers = new ArrayList<>();
        addresses.forEach((name, address) -> {
            int priority = count > 1 && shard % addresses.size() == peers.size() ? 1 : 0;
            peers.add(RaftPeer.newBuilder().setId(name).setAddress(address).setPriority(priority).build());
        });
        return RaftGroup.valueOf(groupId(shard), peers);
    }

    public OptionalInt shardOf(RaftGroupId group) {
        return IntStream.range(0, count).filter(shard -> groupId(shard).equals(group)).findFirst();
    }

    /** Which a replica has, by its groups; empty while it doesn't have all of them yet. */
    public static OptionalInt countOf(Collection<RaftGroupId> groups) {
        return IntStream.rangeClosed(1, MAX_SHARDS).filter(count -> new Shards(count).areAllIn(groups)).findFirst();
    }

    private boolean areAllIn(Collection<RaftGroupId> groups) {
        return IntStream.range(0, count).allMatch(shard -> groups.contains(groupId(shard)));
    }
}
