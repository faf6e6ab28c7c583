package dev.streamwal.ratis;

import dev.streamwal.ratis.settings.RaftSettings;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.exceptions.StateMachineException;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.JavaUtils;

/**
 * Reaches the leader of a shard, also after it was out of reach for long. Ratis' client fails whatever it is given once it has given a request up (trap 17 of {@link RaftSettings});
 * so another one takes its place then, and it is closed when nothing waits for it any more.
 *
 * <p>Thread-safe.
 */
final class ShardConnection implements Batcher.Sender, Closeable {

    /** A call that waits for its answer. */
    @FunctionalInterface
    interface Call {
        RaftClientReply by(RaftClient client) throws IOException;
    }

    /** A client of Ratis', with how many calls wait for an answer. */
    private static final class Counted {
        final RaftClient client;
        int calls;

        Counted(RaftClient client) {
            this.client = client;
        }
    }

    private final Supplier<RaftClient> opening;
    private final Executor answers;
    private final ReentrantLock lock = new ReentrantLock();
    private final Set<RaftClient> replaced = new HashSet<>();
    private Counted current;
    private boolean isClosed;

    /**
     * @param opening opens a client
     * @param answers closes clients, which a thread of Ratis' mustn't
     */
    ShardConnection(Supplier<RaftClient> opening, Executor answers) {
        this.opening = opening;
        this.answers = answers;
        this.current = new Counted(opening.get());
    }

    @Override
    public CompletableFuture<byte[]> send(byte[] command) {
        Counted used = use();
        CompletableFuture<RaftClientReply> reply;
        try {
            reply = used.client.async().send(Message.valueOf(ByteString.copyFrom(command)));
        } catch (RuntimeException e) {
            reply = CompletableFuture.failedFuture(e);
        }
        return reply.whenComplete((answer, failure) -> answered(used, failure != null && !isOfRequest(failure))).thenApply(ShardConnection::content);
    }

    /** Waits for the answer. */
    byte[] call(Call call) throws IOException {
        Counted used = use();
        try {
            RaftClientReply reply = call.by(used.client);
            if (!reply.isSuccess()) {
                throw new IOException(String.valueOf(reply.getException().getMessage()), reply.getException());
            }
            return content(reply);
        } finally {
            answered(used, false);
        }
    }

    private static byte[] content(RaftClientReply reply) {
        Message message = reply.getMessage();
        return message == null ? new byte[0] : message.getContent().toByteArray();
    }

    /** The replicas have answered that they refuse this request: the client is as good as before. */
    private static boolean isOfRequest(Throwable failure) {
        return JavaUtils.unwrapCompletionException(failure) instanceof StateMachineException;
    }

    private Counted use() {
        lock.lock();
        try {
            current.calls++;
            return current;
        } finally {
            lock.unlock();
        }
    }

    private void answered(Counted used, boolean hasGivenUp) {
        boolean isOver;
        lock.lock();
        try {
            if (hasGivenUp && used == current && !isClosed) {
                replaced.add(used.client);
                current = new Counted(opening.get());
            }
            used.calls--;
            isOver = used != current && used.calls == 0 && !isClosed;
        } finally {
            lock.unlock();
        }
        if (isOver) {
            closeReplaced(used.client);
        }
    }

    private void closeReplaced(RaftClient client) {
        try {
            answers.execute(() -> {
                try {
                    client.close();
                } catch (IOException e) {
                    // nobody uses it any more
                }
                lock.lock();
                try {
                    replaced.remove(client);
                } finally {
                    lock.unlock();
                }
            });
        } catch (RejectedExecutionException e) {
            // this is being closed, and closes all
        }
    }

    @Override
    public void close() throws IOException {
        List<RaftClient> all;
        lock.lock();
        try {
            isClosed = true;
            all = new ArrayList<>(replaced);
            all.add(current.client);
        } finally {
            lock.unlock();
        }
        IOException failure = null;
        for (RaftClient each : all) {
            try {
                each.close();
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
