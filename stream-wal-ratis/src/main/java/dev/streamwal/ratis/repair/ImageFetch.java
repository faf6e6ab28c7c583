package dev.streamwal.ratis.repair;

import dev.streamwal.io.LogFile;
import dev.streamwal.ratis.wire.ImagePiece;
import dev.streamwal.ratis.wire.Query;
import dev.streamwal.ratis.settings.RaftSettings;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;

/**
 * Fetches a peer's image, by reads of Ratis: so it needs no port, no thread and no security of its own. Each piece has a checksum, all files are forced, and
 * every record is verified before the image counts: damage on the peer isn't copied.
 *
 * @param connections how peers are connected to
 * @param bytesPerSecond at most, so that the peer goes on serving
 * @param log where in an image the log stands
 */
public record ImageFetch(RaftGroup group, String self, Parameters connections, long bytesPerSecond, String log) {

    /** How often all peers are asked, a second apart. */
    private static final int ROUNDS = 600;
    private static final long REST_MILLIS = 1_000;

    /** It failed here, as on a full disk: no other peer would help. */
    private static final class NotStoredException extends IOException {
        private static final long serialVersionUID = 1L;

        NotStoredException(Path file, Exception cause) {
            super("image of a peer can't be stored: file=" + file + ", because: " + cause.getMessage(), cause);
        }
    }

    @FunctionalInterface
    private interface Storing {
        void run() throws IOException;
    }

    private static void store(Path file, Storing storing) throws NotStoredException {
        try {
            storing.run();
        } catch (IOException | RuntimeException e) {
            throw new NotStoredException(file, e);
        }
    }

    /**
     * Tries one peer after another. Where it can't be stored here, what there is of it is deleted.
     *
     * @param target is deleted first
     * @param minIndex an image of an earlier entry is of no use
     * @param stop asked between pieces
     * @throws IOException where no peer has given one, or it can't be stored
     */
    public void into(Path target, long minIndex, BooleanSupplier stop) throws IOException {
        List<RaftPeer> peers = group.getPeers().stream().filter(peer -> !peer.getId().toString().equals(self)).toList();
        IOException last = new IOException("there is no other replica");
        for (int round = 0; round < ROUNDS && !peers.isEmpty(); round++) {
            for (RaftPeer peer : peers) {
                try {
                    from(peer.getId(), target, minIndex, stop);
                    return;
                } catch (InterruptedIOException e) {
                    throw e;
                } catch (NotStoredException e) {
                    throw withoutRemains(target, e);
                } catch (IOException | RuntimeException e) { // Ratis throws gRPC's own exceptions as well
                    last = new IOException("peer gave no image: peer=" + peer.getId() + ", because: " + e.getMessage(), e);
                }
            }
            rest(REST_MILLIS, stop);
        }
        throw new IOException("no other replica gave an image: group=" + group.getGroupId() + ", minIndex=" + minIndex
                + ", folder=" + target + "; start a replica whose log is whole", last);
    }

    private static IOException withoutRemains(Path target, NotStoredException failure) {
        try {
            Folders.delete(target);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
        return failure;
    }

    private void from(RaftPeerId peer, Path target, long minIndex, BooleanSupplier stop) throws IOException {
        store(target, () -> {
            Folders.delete(target);
            Files.createDirectories(target);
        });
        try (RaftClient client = RaftClient.newBuilder()
                .setRaftGroup(group)
                .setProperties(RaftSettings.client())
                .setParameters(connections)
                .setRetryPolicy(RaftSettings.noRetry())
                .build()) {
            DataInputStream opened = ask(client, peer, new Query.OpenImage());
            long number = opened.readLong();
            long index = opened.readLong();
            int files = opened.readInt();
            if (index < minIndex) {
                ask(client, peer, new Query.ReleaseImage(number));
                throw new IOException("image of the peer is too old: index=" + index + ", needed=" + minIndex);
            }
            try {
                long begunNanos = System.nanoTime();
                long fetched = 0;
                for (int file = 0; file < files; file++) {
                    fetched = fetchFile(client, peer, number, file, target, fetched, begunNanos, stop);
                }
            } finally {
                release(client, peer, number);
            }
        }
        LogCheck.check(target.resolve(log));
        store(target, () -> Folders.forceNames(target));
    }

    private static void release(RaftClient client, RaftPeerId peer, long number) {
        try {
            ask(client, peer, new Query.ReleaseImage(number));
        } catch (IOException | RuntimeException e) {
            // the peer does so when nobody has read it for a while
        }
    }

    private long fetchFile(RaftClient client, RaftPeerId peer, long number, int file, Path target, long before, long begunNanos,
            BooleanSupplier stop) throws IOException {
        long offset = 0;
        long fetched = before;
        ImagePiece piece = ImagePiece.decode(ask(client, peer, new Query.ReadImage(number, file, offset)));
        Path path = target.resolve(piece.name()).normalize();
        if (!path.startsWith(target)) {
            throw new IOException("name of a file leads out of the image: file=" + piece.name() + ", peer=" + peer);
        }
        if (piece.isFolder()) {
            store(path, () -> Files.createDirectories(path));
            return fetched;
        }
        try (LogFile copy = new LogFile(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            while (true) {
                write(copy, path, offset, piece.bytes());
                offset += piece.bytes().length;
                fetched += piece.bytes().length;
                pace(fetched, begunNanos, stop);
                if (offset >= piece.length()) {
                    store(path, copy::force);
                    return fetched;
                }
                piece = ImagePiece.decode(ask(client, peer, new Query.ReadImage(number, file, offset)));
                if (piece.bytes().length == 0) {
                    throw new IOException("file of an image ends early: file=" + piece.name() + ", offset=" + offset + ", peer=" + peer);
                }
            }
        }
    }

    private static void write(LogFile copy, Path path, long offset, byte[] bytes) throws NotStoredException {
        store(path, () -> copy.write(offset, ByteBuffer.wrap(bytes)));
    }

    private static DataInputStream ask(RaftClient client, RaftPeerId peer, Query query) throws IOException {
        Message message = Message.valueOf(ByteString.copyFrom(query.encode()));
        RaftClientReply reply = client.io().sendStaleRead(message, 0, peer);
        if (!reply.isSuccess()) {
            throw new IOException("replica refused: peer=" + peer, reply.getException());
        }
        return new DataInputStream(reply.getMessage().getContent().newInput());
    }

    private void pace(long fetched, long begunNanos, BooleanSupplier stop) throws IOException {
        long dueMillis = TimeUnit.SECONDS.toMillis(1) * fetched / bytesPerSecond;
        rest(dueMillis - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begunNanos), stop);
    }

    private static void rest(long millis, BooleanSupplier stop) throws IOException {
        if (stop.getAsBoolean()) {
            throw new InterruptedIOException("the replica is being closed");
        }
        if (millis > 0) {
            try {
                Thread.sleep(millis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw (InterruptedIOException) new InterruptedIOException("the replica is being closed").initCause(e);
            }
        }
    }
}
