package dev.streamwal.ratis;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.proto.RaftProtos.CommitInfoProto;
import org.apache.ratis.protocol.GroupInfoReply;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;

/** Which replicas a shard has, as replicas themselves say. */
final class Memberships {

    private Memberships() {}

    /**
     * What a replica says.
     *
     * @param client gives up at once
     * @return empty where there is no answer, or no such shard
     */
    static Optional<GroupInfoReply> of(RaftPeerId replica, RaftGroupId shard, RaftClient client) {
        try {
            GroupInfoReply said = client.getGroupManagementApi(replica).info(shard);
            return said.isSuccess() ? Optional.of(said) : Optional.empty();
        } catch (IOException | RuntimeException e) { // gRPC's own exceptions as well
            return Optional.empty();
        }
    }

    /**
     * What a leader says. Whom the others name is asked, too.
     *
     * @param known whose addresses count: of a replica that has moved, the log has the address by which it was taken in
     */
    static Optional<RaftGroup> ofLeader(RaftGroup known, RaftClient client) {
        List<RaftPeer> peers = new ArrayList<>(known.getPeers());
        for (int i = 0; i < peers.size(); i++) {
            Optional<GroupInfoReply> said = of(peers.get(i).getId(), known.getGroupId(), client);
            if (said.isPresent() && said.get().getRoleInfoProto().hasLeaderInfo()) {
                return Optional.of(RaftGroup.valueOf(known.getGroupId(), said.get().getGroup().getPeers().stream().map(peer -> moved(peer, known)).toList()));
            }
            List<RaftPeer> named = said.stream().flatMap(answer -> answer.getGroup().getPeers().stream()).filter(peer -> !has(peers, peer.getId())).toList();
            client.getClientRpc().addRaftPeers(named);
            peers.addAll(named);
        }
        return Optional.empty();
    }

    private static RaftPeer moved(RaftPeer peer, RaftGroup known) {
        RaftPeer given = known.getPeer(peer.getId());
        return given == null ? peer : RaftPeer.newBuilder(peer).setAddress(given.getAddress()).build();
    }

    /** Whether one is among them. */
    static boolean has(Collection<RaftPeer> peers, RaftPeerId replica) {
        return peers.stream().anyMatch(each -> each.getId().equals(replica));
    }

    /** Whether a replica may vote in the shard that it has, and so isn't one that joins. A change that is under way makes it no member yet. */
    static boolean isMember(RaftPeerId replica, GroupInfoReply said) {
        boolean isChanging = said.getConf().isPresent() && said.getConf().get().getOldPeersCount() > 0;
        return !isChanging && has(said.getGroup().getPeers(), replica);
    }

    /** Up to which entry a replica is known to have the log; 0 or below where nothing is known of it. */
    static long committed(RaftPeerId replica, GroupInfoReply said) {
        return said.getCommitInfos().stream().filter(info -> RaftPeerId.valueOf(info.getServer().getId()).equals(replica))
                .mapToLong(CommitInfoProto::getCommitIndex).max().orElse(0);
    }

    static Set<String> names(Collection<RaftPeer> peers) {
        return peers.stream().map(peer -> peer.getId().toString()).collect(Collectors.toSet());
    }

    /** {@code n1=host:port,n2=host:port}. */
    static String text(Collection<RaftPeer> peers) {
        return peers.stream().map(peer -> peer.getId() + "=" + peer.getAddress()).sorted().collect(Collectors.joining(","));
    }
}
