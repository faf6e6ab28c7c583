package dev.streamwal.ratis;

import dev.streamwal.ratis.ReplicaStatus.Role;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Whether the replicas that stay need nothing any more of those that are taken out.
 *
 * <p>Ratis counts a replica that was taken in as one like the others as soon as it has a marker, which says up to where there is an image; the image itself it
 * may be fetching for minutes. Were the ones that have the image taken out meanwhile, everything before the marker would be lost, and no call would fail.
 *
 * <p><b>Why the condition is enough.</b> A replica that is fetching gives no status. One that gives it has, by its image and its Raft log, all entries up to
 * the applied one. If a leader had applied no later one when the change was asked for, the replica lacks nothing that is only in an image: a leader makes
 * images of what it has applied, and keeps the later entries in its Raft log. Those are for Ratis to count, which ends no change before a majority of the
 * replicas that stay has forced all of them. Only one that falls behind by more than {@code keptEntries} meanwhile would need an image again.
 *
 * <p><b>Why it can be met.</b> Of those that are taken out nothing is asked, unless one of them leads: they may be down for good.
 *
 * <p>Pure.
 */
final class StayingReplicas {

    private StayingReplicas() {}

    /** The last entry that a leader has applied; empty where none answers, as one that leads while it is fetching its image. */
    static OptionalLong needed(List<ReplicaStatus> all) {
        return all.stream().filter(each -> each.role() == Role.LEADER).mapToLong(ReplicaStatus::appliedIndex).max();
    }

    /**
     * What keeps the others from being taken out; empty where nothing does.
     *
     * @param all of one shard
     * @param staying the names of those that stay, of which there is one at least
     * @param needed the entry up to which they must have everything
     */
    static Optional<String> objection(List<ReplicaStatus> all, Collection<String> staying, OptionalLong needed) {
        if (needed.isEmpty()) {
            return Optional.of("no replica that leads answers; look by status(), or cluster, whether one of them is fetching a peer's log, and try again when"
                    + " that is done");
        }
        return all.stream().filter(each -> staying.contains(each.replica())).flatMap(each -> objection(each, needed.getAsLong()).stream()).findFirst();
    }

    private static Optional<String> objection(ReplicaStatus staying, long needed) {
        if (staying.role() == Role.NO_ANSWER || staying.appliedIndex() < needed) {
            return Optional.of("one that stays doesn't answer, or lacks records: replica=" + staying.replica() + ", applied=" + staying.appliedIndex()
                    + ", needed=" + needed + "; it may still be fetching a peer's log: wait until status(), or cluster, shows that it has applied that, and"
                    + " try again; if it is down for good, take it out by the same change");
        }
        return staying.isDamaged() ? Optional.of("the log of one that stays is damaged: replica=" + staying.replica()
                + "; start it again, so that it fetches a peer's, and try again") : Optional.empty();
    }
}
