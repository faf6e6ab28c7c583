package dev.streamwal.ratis;

import dev.streamwal.ratis.settings.RaftSettings;
import dev.streamwal.ratis.shard.Shards;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.protocol.GroupInfoReply;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.protocol.exceptions.SetConfigurationException;
import org.apache.ratis.util.JavaUtils;
import org.jspecify.annotations.Nullable;

/** A change of the replicas that one shard has: see {@link ReplicatedWal#changeReplicas}. It is checked first, then made. One thread. */
final class ReplicaChange {

    /** How often replicas that stay are asked whether they have caught up, half a second apart. */
    private static final int STAYING_ROUNDS = 20;

    private final Shards shards;
    private final int shard;
    private final Replicas replicas;
    private final Replicas newReplicas;
    private final Collection<RaftPeer> newPeers;
    private final ShardConnection leader;
    private final RaftClient reader;
    private final Parameters connections;
    /** Which replicas the shard had when the change was checked. */
    private List<RaftPeer> checked = List.of();

    /**
     * @param replicas as far as the client has heard
     * @param newReplicas all that there will be
     */
    ReplicaChange(Shards shards, int shard, Replicas replicas, Replicas newReplicas, ShardConnection leader, RaftClient reader, Parameters connections) {
        this.shards = shards;
        this.shard = shard;
        this.replicas = replicas;
        this.newReplicas = newReplicas;
        this.newPeers = shards.group(shard, newReplicas.addresses()).getPeers();
        this.leader = leader;
        this.reader = reader;
        this.connections = connections;
    }

    /** Ratis refuses some of it, and doesn't say what to do; of replicas that aren't joining, and of images, it knows nothing. */
    void check() {
        newReplicas.addresses().forEach((name, address) -> {
            String known = replicas.addresses().getOrDefault(name, address);
            if (!known.equals(address)) {
                throw notChanged("one that stays would have another address: name=" + name + ", now=" + known
                        + "; start all replicas again with its new address, one after the other, and connect with that", null);
            }
        });
        List<RaftPeer> now = List.copyOf(awaitLeaderGroup().getPeers());
        List<RaftPeer> joining = newPeers.stream().filter(peer -> !Memberships.has(now, peer.getId())).toList();
        boolean isOneBesideOne = now.size() == 1 && joining.size() == 1 && newPeers.size() == 2;
        if (joining.size() * 2 >= newPeers.size() && !isOneBesideOne) {
            throw notChanged("half of them or more would be new: new=" + Memberships.text(joining) + ", now=" + Memberships.text(now)
                    + "; change one replica at a time: add one, or take one out, and go on when that is done", null);
        }
        // a client of its own: one that couldn't reach a new replica before doesn't try again at once
        try (RaftClient asking = client(newPeers, RaftPeerId.valueOf(replicas.names().get(0)))) {
            for (RaftPeer each : joining) {
                checkJoins(each, asking);
            }
        } catch (IOException e) {
            throw notChanged(e.getMessage() + "; try again", e);
        }
        if (!newReplicas.names().containsAll(Memberships.names(now))) {
            checkStaying(now);
        }
        checked = now;
    }

    private RaftClient client(Collection<RaftPeer> peers, RaftPeerId first) {
        return ReplicatedWal.client(RaftGroup.valueOf(shards.groupId(shard), peers), first, RaftSettings.noRetry(), connections);
    }

    private void checkJoins(RaftPeer replica, RaftClient asking) {
        Optional<GroupInfoReply> said = Memberships.of(replica.getId(), shards.groupId(shard), asking);
        if (said.isEmpty()) {
            throw notChanged("a new one doesn't answer, or has another number of shards: new=" + Memberships.text(List.of(replica))
                    + "; start it by ReplicatedWalServer.join, or start --join, and try again", null);
        }
        if (Memberships.isMember(replica.getId(), said.get())) {
            throw notChanged("a new one wasn't started to join, and may have a log of its own: new="
                    + Memberships.text(List.of(replica)) + ", replicas=" + Memberships.text(said.get().getGroup().getPeers())
                    + "; close it, and start another one in its place, with another name and an empty folder, by ReplicatedWalServer.join, or"
                    + " start --join", null);
        }
    }

    /** Before one is taken out: {@link StayingReplicas}. Under load those that stay may be behind for a moment, so they are asked again for a while. */
    private void checkStaying(List<RaftPeer> now) {
        try (RaftClient asking = client(now, now.get(0).getId())) {
            OptionalLong needed = OptionalLong.empty();
            for (int round = 1;; round++) {
                List<ReplicaStatus> said = now.stream().map(each -> ReplicatedWal.status(asking, shard, each.getId().toString())).toList();
                needed = needed.isPresent() ? needed : StayingReplicas.needed(said);
                Optional<String> objection = StayingReplicas.objection(said, newReplicas.names(), needed);
                if (objection.isEmpty()) {
                    return;
                }
                if (round == STAYING_ROUNDS) {
                    throw notChanged(objection.get(), null);
                }
                Thread.sleep(ReplicatedWal.CONNECT_REST_MILLIS);
            }
        } catch (IOException e) {
            throw notChanged(e.getMessage() + "; try again", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw notChanged("thread was interrupted while it waited for the replicas that stay; try again", e);
        }
    }

    /** Only if the shard still has the replicas that were checked: another client may change them at the same time. */
    void make() {
        SetConfigurationRequest.Arguments change = SetConfigurationRequest.Arguments.newBuilder().setMode(SetConfigurationRequest.Mode.COMPARE_AND_SET)
                .setServersInCurrentConf(checked).setServersInNewConf(List.copyOf(newPeers)).build();
        try {
            byte[] unused = leader.call(client -> client.admin().setConfiguration(change));
        } catch (IOException | RuntimeException e) { // gRPC's own exceptions as well
            if (!JavaUtils.isCausedBy(e, SetConfigurationException.class)) {
                throw notChanged(e.getMessage() + "; see whether the new ones run, and try again", e);
            }
            // Ratis' client asks again where the first answer is late, and is then told that the replicas aren't those any more
            Collection<RaftPeer> now = awaitLeaderGroup().getPeers();
            if (!Memberships.names(now).equals(Memberships.names(newPeers))) {
                throw notChanged("Ratis refuses it, as somebody else may have changed them meanwhile: checked=" + Memberships.text(checked)
                        + ", now=" + Memberships.text(now) + ", said=" + e.getMessage() + "; see which there are, by status() or cluster, and try again", e);
            }
        }
    }

    private RaftGroup awaitLeaderGroup() {
        RaftGroup known = shards.group(shard, replicas.addresses());
        try {
            for (int round = 0; round < ReplicatedWal.CONNECT_ROUNDS; round++) {
                Optional<RaftGroup> group = Memberships.ofLeader(known, reader);
                if (group.isPresent()) {
                    return group.get();
                }
                Thread.sleep(ReplicatedWal.CONNECT_REST_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw notChanged("thread was interrupted while it waited for a leader; try again", e);
        }
        throw notChanged("none of its replicas leads: replicas=" + replicas + "; check whether a majority of them runs. If new ones were"
                + " started by other means than ReplicatedWalServer.join, or start --join, close those first", null);
    }

    private ReplicationException notChanged(String reason, @Nullable Exception cause) {
        return new ReplicationException("replicas of a shard can't be changed: shard=" + shard + ", replicas=" + newReplicas + "; because: " + reason, null,
                cause);
    }
}
