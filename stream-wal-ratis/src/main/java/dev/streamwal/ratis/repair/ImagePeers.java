package dev.streamwal.ratis.repair;

import dev.streamwal.ratis.wire.Query;
import java.io.DataInputStream;
import java.io.IOException;
import org.apache.ratis.protocol.RaftPeer;

/** The replicas that are asked for images. */
public interface ImagePeers {

    /** To one of them. */
    interface Connection extends AutoCloseable {

        /** @throws IOException if it refuses, or can't be reached; Ratis throws gRPC's own exceptions as well */
        DataInputStream ask(Query query) throws IOException;

        @Override
        void close() throws IOException;
    }

    Connection connect(RaftPeer peer) throws IOException;
}
