package dev.streamwal.ratis;

import dev.streamwal.ratis.settings.RaftSettings;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.exceptions.GroupMismatchException;
import org.apache.ratis.protocol.exceptions.LeaderSteppingDownException;
import org.apache.ratis.protocol.exceptions.RaftRetryFailureException;
import org.apache.ratis.protocol.exceptions.SetConfigurationException;
import org.apache.ratis.protocol.exceptions.StateMachineException;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.JavaUtils;

/**
 * Reaches the leader of a shard, also after it was out of reach for long, or where one of the replicas doesn't have the shard any more. Ratis' client fails
 * whatever it is given once it has given a request up (trap 17 of {@link RaftSettings}); so another one takes its place then, which asks the next replica
 * first, and it is closed when nothing waits for it any more.
 *
 * <p>A replica without the shard was left out of the log, or has just begun. What it was asked is sent again, and a command may be: it is applied once
 * ({@code Producers}).
 *
 * <p>Ratis' client knows the replicas that it was opened with, and those named by a replica that has told it that it doesn't lead. If all of them were
 * left out of the log, it would ask them until the time is over, even if other replicas are known here by then. So {@link #renew} puts another client
 * in its place, and requests at which the earlier client fails are sent again in the same way. A request that is sent again may be tried for its full
 * time anew.
 *
 * <p>A leader refuses requests while it hands over, and Ratis' client takes the refusal for the answer. These requests are sent again, too.
 *
 * <p>Thread-safe.
 */
final class ShardConnection implements Batcher.Sender, Closeable {

    /** How often a request is sent if replicas don't have the shard, or other replicas have become known: to each replica in turn, for some seconds. */
    private static final int ABSENT_TRIES = 30;
    private static final long REST_MILLIS = 100;
    /** How often a request is sent to a leader that hands over: for as long as it would be tried otherwise. Handing over by itself takes a second at most. */
    private static final int HAND_OVER_TRIES = (int) (RaftSettings.LONGEST_TRY.toMillis() / REST_MILLIS);

    /** A call that waits for its answer. */
    @FunctionalInterface
    interface Call {
        RaftClientReply by(RaftClient client) throws IOException;
    }

    /** Opens a client of Ratis'. */
    @FunctionalInterface
    interface Opening {

        /**
         * @param opened how many clients were opened before: each asks another replica first than the client before it
         * @param isOutdated whether the client is to give up requests that fail, because a newer client knows other replicas
         */
        RaftClient open(int opened, BooleanSupplier isOutdated);
    }

    /** A client of Ratis', with how many calls wait for an answer. */
    private static final class Counted {
        final RaftClient client;
        volatile boolean isOutdated;
        int calls;

        Counted(Opening opening, int opened) {
            this.client = opening.open(opened, () -> isOutdated);
        }
    }

    private final Opening opening;
    private final ScheduledExecutorService answers;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition allAnswered = lock.newCondition();
    private final Set<RaftClient> replaced = new HashSet<>();
    private final Set<CompletableFuture<byte[]>> unanswered = new HashSet<>();
    private Counted current;
    private int opened = 1;
    private boolean isClosed;

    /** @param answers sends requests again, and closes clients, which a thread of Ratis' must not do */
    ShardConnection(Opening opening, ScheduledExecutorService answers) {
        this.opening = opening;
        this.answers = answers;
        this.current = new Counted(opening, 0);
    }

    /**
     * Called when other replicas are known than those that the client was opened with. Requests that it has sent may still be answered; later ones go
     * by another client.
     */
    void renew() {
        Counted before = use();
        before.isOutdated = true;
        over(before, true);
    }

    @Override
    public CompletableFuture<byte[]> send(byte[] command) {
        CompletableFuture<byte[]> answer = new CompletableFuture<>();
        lock.lock();
        try {
            if (isClosed) {
                return CompletableFuture.failedFuture(closed());
            }
            unanswered.add(answer);
        } finally {
            lock.unlock();
        }
        send(command, answer, 1);
        return answer;
    }

    private static IOException closed() {
        return new IOException("client was closed before an answer came");
    }

    private void send(byte[] command, CompletableFuture<byte[]> answer, int attempt) {
        Counted used = use();
        CompletableFuture<RaftClientReply> reply;
        boolean isInterrupted = Thread.interrupted(); // else Ratis' client fails what may be others' records, and is of no use behind that
        try {
            reply = used.client.async().send(Message.valueOf(ByteString.copyFrom(command)));
        } catch (RuntimeException e) {
            reply = CompletableFuture.failedFuture(e);
        } finally {
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
        var unused = reply.whenComplete((said, failure) -> {
            over(used, failure != null && !isOfRequest(failure));
            if (failure == null) {
                answered(answer, said);
            } else if (attempt < triesAfter(failure, used)) {
                sendAgain(command, answer, attempt + 1);
            } else {
                failed(answer, failure);
            }
        });
    }

    private void sendAgain(byte[] command, CompletableFuture<byte[]> answer, int attempt) {
        try {
            var unused = answers.schedule(() -> send(command, answer, attempt), REST_MILLIS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            failed(answer, closed());
        }
    }

    private void answered(CompletableFuture<byte[]> answer, RaftClientReply reply) {
        boolean unused = answer.complete(bytes(reply));
        forget(answer); // behind that: who waits for all answers finds what was made of them under way
    }

    private void failed(CompletableFuture<byte[]> answer, Throwable failure) {
        boolean unused = answer.completeExceptionally(explained(failure));
        forget(answer);
    }

    /** Ratis' own message has all of the request and of the policy. For a request sent behind one that was given up, it doesn't have the reason. */
    private static Throwable explained(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof RaftRetryFailureException givenUp) {
                return givenUp(givenUp, failure);
            }
        }
        return failure;
    }

    private static IOException givenUp(RaftRetryFailureException givenUp, Throwable failure) {
        Throwable last = givenUp.getCause();
        return new IOException("no leader acknowledged it, or a request before it, for as long as it was tried: tries=" + givenUp.getAttemptCount()
                + ", because: " + (last == null ? "none was ready" : last.getMessage()), failure);
    }

    private void forget(CompletableFuture<byte[]> answer) {
        lock.lock();
        try {
            unanswered.remove(answer);
            if (unanswered.isEmpty()) {
                allAnswered.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the answer. */
    byte[] call(Call call) throws IOException {
        for (int attempt = 1;; attempt++) {
            Counted used = use();
            boolean isForAnother = false;
            try {
                return content(call.by(used.client));
            } catch (IOException e) {
                isForAnother = isForAnother(e, used);
                if (attempt >= triesAfter(e, used)) {
                    throw e instanceof RaftRetryFailureException givenUp ? givenUp(givenUp, e) : e;
                }
            } finally {
                over(used, isForAnother);
            }
            rest();
        }
    }

    private static void rest() throws IOException {
        try {
            Thread.sleep(REST_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("thread was interrupted while it waited for a replica that has the shard");
        }
    }

    /** @throws IOException if it is a refusal */
    static byte[] content(RaftClientReply reply) throws IOException {
        if (!reply.isSuccess()) {
            throw new IOException(String.valueOf(reply.getException().getMessage()), reply.getException());
        }
        return bytes(reply);
    }

    private static byte[] bytes(RaftClientReply reply) {
        Message message = reply.getMessage();
        return message == null ? new byte[0] : message.getContent().toByteArray();
    }

    /** The replicas have answered that they refuse this request, for good or for now: the client is as good as before. */
    private static boolean isOfRequest(Throwable failure) {
        Throwable said = JavaUtils.unwrapCompletionException(failure);
        return said instanceof StateMachineException || said instanceof SetConfigurationException || said instanceof LeaderSteppingDownException;
    }

    /** How often a request that fails in this way is sent at most. */
    private static int triesAfter(Throwable failure, Counted used) {
        if (JavaUtils.unwrapCompletionException(failure) instanceof LeaderSteppingDownException) {
            return HAND_OVER_TRIES;
        }
        return isForAnother(failure, used) ? ABSENT_TRIES : 1;
    }

    /** Also what was sent behind a request that failed so: it has that as its cause. */
    private static boolean isForAnother(Throwable failure, Counted used) {
        return JavaUtils.isCausedBy(failure, GroupMismatchException.class) || (used.isOutdated && !isOfRequest(failure));
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

    private void over(Counted used, boolean hasGivenUp) {
        boolean isOver;
        lock.lock();
        try {
            if (hasGivenUp && used == current && !isClosed) {
                replace(used);
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

    /** With the lock. What is thrown here would keep a call from ever being answered. */
    private void replace(Counted used) {
        try {
            current = new Counted(opening, opened);
            opened++;
            replaced.add(used.client);
        } catch (RuntimeException | OutOfMemoryError e) { // which says, too, that no thread can be started
            return; // the next call fails by the same client, and tries this again
        }
    }

    private void closeReplaced(RaftClient client) {
        try {
            answers.execute(() -> {
                try {
                    client.close();
                } catch (IOException e) {
                    // nobody uses it any more
                } finally {
                    lock.lock();
                    try {
                        replaced.remove(client);
                    } finally {
                        lock.unlock();
                    }
                }
            });
        } catch (RejectedExecutionException e) {
            // this is being closed, and closes all
        }
    }

    /** Waits until everything that was sent is answered, at most as long. */
    void awaitAnswers(long nanos) throws InterruptedException {
        long leftNanos = nanos;
        lock.lock();
        try {
            while (!unanswered.isEmpty() && leftNanos > 0) {
                leftNanos = allAnswered.awaitNanos(leftNanos);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() throws IOException {
        List<RaftClient> all;
        List<CompletableFuture<byte[]>> left;
        lock.lock();
        try {
            isClosed = true;
            left = List.copyOf(unanswered);
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
        // what Ratis' clients were about to send again when they were closed has no answer from them
        left.forEach(each -> failed(each, closed()));
        if (failure != null) {
            throw failure;
        }
    }
}
