package dev.streamwal.ratis.repair;

import dev.streamwal.error.DiskFullException;
import dev.streamwal.error.TooManyOpenFilesException;
import dev.streamwal.io.DirectoryTree;
import dev.streamwal.io.LogFile;
import dev.streamwal.ratis.repair.ImagePeers.Connection;
import dev.streamwal.ratis.wire.ImagePiece;
import dev.streamwal.ratis.wire.Query;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;

/**
 * Fetches a peer's image, by reads of Ratis: so it needs no port, no thread and no security of its own. Each piece has a checksum, all files are forced, and
 * the image is checked before it counts: damage on the peer isn't copied, and another peer is asked.
 *
 * @param peers who is asked, all of the group but itself
 * @param bytesPerSecond at most, so that the peer goes on serving
 * @param check whether this replica can begin with what was fetched
 */
public record ImageFetch(RaftGroup group, String self, ImagePeers peers, long bytesPerSecond, ImageCheck check) {

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

    /** It was fetched, and this replica can't begin with it: the same one isn't fetched again. */
    private static final class BadImageException extends IOException {
        private static final long serialVersionUID = 1L;

        private final long index;

        BadImageException(long index, Exception cause) {
            super("image of the peer can't be used: index=" + index + ", because: " + cause.getMessage(), cause);
            this.index = index;
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
     * Tries one peer after another, and again, as one that doesn't run yet may, and one that has no image makes one. Where each peer has given an image that
     * fails the check, it says so at once: they are what they are until the peers' next images. Unless it succeeds, nothing is left in the target.
     *
     * @param target is deleted first; when this returns, all in it is durable, and has passed the check
     * @param minIndex an image of an earlier entry is of no use
     * @param stop asked between pieces
     * @throws IOException if no peer has given one that passes, saying what was wrong with each; or it can't be stored
     */
    public void into(Path target, long minIndex, BooleanSupplier stop) throws IOException {
        List<RaftPeer> others = group.getPeers().stream().filter(peer -> !peer.getId().toString().equals(self)).toList();
        Map<RaftPeerId, Long> bad = new HashMap<>();
        Map<RaftPeerId, Exception> failures = new LinkedHashMap<>();
        try {
            for (int round = 0; round < ROUNDS && bad.size() < others.size(); round++) {
                rest(round == 0 ? 0 : REST_MILLIS, stop);
                for (RaftPeer peer : others) {
                    if (isFetched(peer, target, minIndex, bad, failures, stop)) {
                        return;
                    }
                }
            }
            throw noneGave(target, minIndex, failures);
        } catch (IOException e) {
            throw withoutRemains(target, e);
        }
    }

    /**
     * By one peer.
     *
     * @param bad of which entries those images were that have failed the check
     * @param failures why a peer gave none
     */
    private boolean isFetched(RaftPeer from, Path target, long minIndex, Map<RaftPeerId, Long> bad, Map<RaftPeerId, Exception> failures, BooleanSupplier stop)
            throws IOException {
        RaftPeerId peer = from.getId();
        try (Connection connection = peers.connect(from)) {
            DataInputStream opened = connection.ask(new Query.OpenImage());
            long number = opened.readLong();
            long index = opened.readLong();
            int files = opened.readInt();
            try {
                if (bad.getOrDefault(peer, Long.MIN_VALUE) == index) {
                    return false;
                }
                if (index < minIndex) {
                    throw new IOException("image of the peer is too old: index=" + index + ", needed=" + minIndex);
                }
                fetch(connection, peer, number, files, target, stop);
            } finally {
                release(connection, number);
            }
            check(target, index);
            store(target, () -> DirectoryTree.forceNames(target));
            return true;
        } catch (InterruptedIOException | NotStoredException e) {
            throw e;
        } catch (BadImageException e) {
            bad.put(peer, e.index);
            failures.put(peer, e);
            store(target, () -> DirectoryTree.delete(target));
        } catch (IOException | RuntimeException e) { // Ratis throws gRPC's own exceptions as well
            failures.put(peer, e);
        }
        return false;
    }

    /** What this machine lacks, room or a file that it can open, is nothing that another peer's image would need less of. */
    private void check(Path target, long index) throws NotStoredException, BadImageException {
        try {
            check.check(index);
        } catch (DiskFullException | TooManyOpenFilesException e) {
            throw new NotStoredException(target, e);
        } catch (IOException | RuntimeException e) {
            throw new BadImageException(index, e);
        }
    }

    private IOException noneGave(Path target, long minIndex, Map<RaftPeerId, Exception> failures) {
        String each = failures.entrySet().stream().map(failure -> failure.getKey() + ": " + failure.getValue().getMessage())
                .collect(Collectors.joining("; ", "[", "]"));
        IOException none = new IOException("no other replica gave an image: group=" + group.getGroupId() + ", minIndex=" + minIndex + ", folder=" + target
                + ", peers=" + each + "; start a replica whose log is whole, or try again when a peer has made its next image");
        failures.values().forEach(none::addSuppressed);
        return none;
    }

    private static IOException withoutRemains(Path target, IOException failure) {
        try {
            DirectoryTree.delete(target);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
        return failure;
    }

    private void fetch(Connection connection, RaftPeerId peer, long number, int files, Path target, BooleanSupplier stop) throws IOException {
        store(target, () -> {
            DirectoryTree.delete(target);
            Files.createDirectories(target);
        });
        long begunNanos = System.nanoTime();
        long fetched = 0;
        for (int file = 0; file < files; file++) {
            fetched = fetchFile(connection, peer, number, file, target, fetched, begunNanos, stop);
        }
    }

    private static void release(Connection connection, long number) {
        try {
            connection.ask(new Query.ReleaseImage(number));
        } catch (IOException | RuntimeException e) {
            // the peer does so when nobody has read it for a while
        }
    }

    private long fetchFile(Connection connection, RaftPeerId peer, long number, int file, Path target, long before, long begunNanos,
            BooleanSupplier stop) throws IOException {
        long offset = 0;
        long fetched = before;
        ImagePiece piece = ImagePiece.decode(connection.ask(new Query.ReadImage(number, file, offset)));
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
                piece = ImagePiece.decode(connection.ask(new Query.ReadImage(number, file, offset)));
                if (piece.bytes().length == 0) {
                    throw new IOException("file of an image ends early: file=" + piece.name() + ", offset=" + offset + ", peer=" + peer);
                }
            }
        }
    }

    private static void write(LogFile copy, Path path, long offset, byte[] bytes) throws NotStoredException {
        store(path, () -> copy.write(offset, ByteBuffer.wrap(bytes)));
    }

    private void pace(long fetched, long begunNanos, BooleanSupplier stop) throws IOException {
        long dueMillis = TimeUnit.SECONDS.toMillis(1) * fetched / bytesPerSecond;
        rest(dueMillis - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begunNanos), stop);
    }

    private static void rest(long millis, BooleanSupplier stop) throws IOException {
        long leftMillis = millis;
        while (true) {
            if (stop.getAsBoolean()) {
                throw new InterruptedIOException("the replica is being closed");
            }
            if (leftMillis <= 0) {
                return;
            }
            long slept = Math.min(leftMillis, REST_MILLIS); // closing waits for it, and mustn't wait until a slow fetch is due
            try {
                Thread.sleep(slept);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw (InterruptedIOException) new InterruptedIOException("the replica is being closed").initCause(e);
            }
            leftMillis -= slept;
        }
    }
}
