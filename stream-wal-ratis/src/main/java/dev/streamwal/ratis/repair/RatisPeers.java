package dev.streamwal.ratis.repair;

import dev.streamwal.ratis.settings.RaftSettings;
import dev.streamwal.ratis.wire.Query;
import java.io.DataInputStream;
import java.io.IOException;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.exceptions.RaftException;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;

/**
 * By stale reads of Ratis.
 *
 * @param connections how peers are connected to
 */
public record RatisPeers(RaftGroupId group, Parameters connections) implements ImagePeers {

    @Override
    public Connection connect(RaftPeer peer) {
        RaftClient client = RaftClient.newBuilder()
                .setRaftGroup(RaftGroup.valueOf(group, peer))
                .setProperties(RaftSettings.client())
                .setParameters(connections)
                .setRetryPolicy(RaftSettings.noRetry())
                .build();
        return new Connection() {
            @Override
            public DataInputStream ask(Query query) throws IOException {
                RaftClientReply reply = client.io().sendStaleRead(Message.valueOf(ByteString.copyFrom(query.encode())), 0, peer.getId());
                if (!reply.isSuccess()) {
                    RaftException refusal = reply.getException();
                    String reason = refusal == null ? "unknown" : refusal.getMessage();
                    throw new IOException("replica refused: peer=" + peer.getId() + ", because: " + reason, refusal);
                }
                return new DataInputStream(reply.getMessage().getContent().newInput());
            }

            @Override
            public void close() throws IOException {
                client.close();
            }
        };
    }
}
