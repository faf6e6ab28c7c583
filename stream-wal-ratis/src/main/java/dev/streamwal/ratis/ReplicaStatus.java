package dev.streamwal.ratis;

import dev.streamwal.ratis.wire.ShardStatus;
import java.time.Duration;
import java.time.Instant;

/**
 * How a shard is on one replica.
 *
 * @param shard its number
 * @param replica the replica's name
 * @param role what it is
 * @param appliedIndex up to which entry of the Raft log it has appended; -1 before the first, or where it gives no answer. What the leader has more is how
 *     far it is behind
 * @param imageIndex up to which entry its newest image goes, with which it would begin after a restart; -1 where there is none
 * @param clock the replicated time, by which records expire
 * @param streams how many there were, at its last image, with records younger than their retention, and those appended to since
 * @param images how many it has made since it was started
 * @param longestImage for how long nothing was applied at the longest
 * @param fetchedImages how many of peers it has fetched since it was started
 * @param isDamaged whether it has found its log damaged, so that it will fetch a peer's at its next start
 * @param isClockAhead whether its clock is further ahead of the replicated time than is believed, by the log's {@code maxClockAdvance}: while it leads, appends
 *     are refused, and no time passes. Set its clock right, or call {@link ReplicatedWalServer#believeClock()}
 * @since 1.0
 */
public record ReplicaStatus(int shard, String replica, Role role, long appliedIndex, long imageIndex, Instant clock, int streams, long images,
        Duration longestImage, int fetchedImages, boolean isDamaged, boolean isClockAhead) {

    /**
     * What a replica is in a shard.
     *
     * @since 1.0
     */
    public enum Role {
        /** Takes the appends. */
        LEADER,
        /** Follows the leader, or there is none. */
        FOLLOWER,
        /** It is down, can't be reached, or is fetching a peer's log. */
        NO_ANSWER
    }

    static ReplicaStatus of(int shard, String replica, ShardStatus said) {
        return new ReplicaStatus(shard, replica, said.isLeader() ? Role.LEADER : Role.FOLLOWER, said.appliedIndex(), said.imageIndex(),
                Instant.ofEpochMilli(said.clockMillis()), said.streams(), said.images(), Duration.ofMillis(said.longestImageMillis()),
                said.fetchedImages(), said.isDamaged(), said.isClockAhead());
    }

    static ReplicaStatus noAnswer(int shard, String replica) {
        return new ReplicaStatus(shard, replica, Role.NO_ANSWER, -1, -1, Instant.EPOCH, 0, 0, Duration.ZERO, 0, false, false);
    }
}
