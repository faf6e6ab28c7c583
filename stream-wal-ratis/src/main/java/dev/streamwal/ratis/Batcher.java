package dev.streamwal.ratis;

import dev.streamwal.WriteEntry;
import dev.streamwal.ratis.wire.AppendAnswer;
import dev.streamwal.ratis.wire.AppendAnswer.Appended;
import dev.streamwal.ratis.wire.AppendAnswer.Refused;
import dev.streamwal.ratis.wire.Command.Append;
import dev.streamwal.ratis.wire.StreamAppend;
import dev.streamwal.ratis.wire.Text;
import dev.streamwal.reader.EntryRef;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Gathers the appends to one shard into requests.
 *
 * <p>What waits is one request at most; who appends more waits, until that is sent. It is sent when it is full, or due, and fewer requests than allowed are
 * without an answer. The client's thread for answers does the accounting, and never waits for a callback: {@link Completions} completes the futures, and has
 * the argument.
 *
 * <p><b>Order.</b> Requests are sent in the order of the appends, but may be taken in another one: a replica that doesn't lead yet refuses one, and takes the
 * next. So each says behind which it must stand, the one before it that has no answer, and is answered "too early" where that wasn't applied. It is sent again
 * when all before it are answered, and then it must stand behind none. So it is applied at the latest when it is the first without an answer, and
 * whatever is tried again behind it isn't applied any more: {@code Producers}. A request that failed may never be applied; what stands behind it is
 * sent again in the same way.
 */
final class Batcher {

    /** Room comes with each answer, and a request is given up after {@code RaftSettings.LONGEST_TRY}. */
    static final long PATIENCE_SECONDS = 300;

    /** Takes commands to the shard's leader. Tries for long, and may send one several times, or let it overtake another. */
    @FunctionalInterface
    interface Sender {
        CompletableFuture<byte[]> send(byte[] command);
    }

    /** What was sent together. Guarded by the batcher's lock. */
    private static final class Request {
        final long sequence;
        final Map<String, List<Waiting>> byKey = new LinkedHashMap<>();
        boolean isTooEarly;

        Request(long sequence, Iterable<Waiting> batch) {
            this.sequence = sequence;
            batch.forEach(each -> byKey.computeIfAbsent(each.key(), any -> new ArrayList<>()).add(each));
        }

        byte[] command(String producer, long after) throws IOException {
            List<StreamAppend> streams = new ArrayList<>();
            byKey.forEach((key, all) -> streams.add(new StreamAppend(key, StreamAppend.ANY_END, all.stream().map(Waiting::entry).toList())));
            return new Append(producer, sequence, after, streams).encode();
        }

        List<Answer<EntryRef>> refs() {
            return byKey.values().stream().flatMap(List::stream).map(Waiting::ref).toList();
        }
    }

    private record Waiting(String key, WriteEntry entry, Answer<EntryRef> ref) {}

    private final Sender sender;
    private final String producer;
    private final Batching batching;
    private final ScheduledThreadPoolExecutor timer;
    private final Executor answers;
    private final Completions completions;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition room = lock.newCondition();
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private long waitingBytes;
    private boolean isDue;
    private boolean isClosed;
    /** Without an answer, in order. */
    private final ArrayDeque<Request> unanswered = new ArrayDeque<>();
    private long nextSequence;
    /** Tells a timer that was set for a request that has left since from the one for what waits now. */
    private long round;

    /** @param answers does the accounting, one thing at a time, in their order */
    Batcher(Sender sender, String producer, Batching batching, ScheduledThreadPoolExecutor timer, Executor answers, Completions completions) {
        this.sender = sender;
        this.producer = producer;
        this.batching = batching;
        this.timer = timer;
        this.answers = answers;
        this.completions = completions;
    }

    CompletableFuture<EntryRef> append(String key, WriteEntry entry) {
        Answer<EntryRef> ref = completions.newAnswer(key);
        lock.lock();
        try {
            awaitRoom(key);
            waiting.add(new Waiting(key, entry, ref));
            waitingBytes += bytes(key, entry);
            isDue |= ref.isHeld();
            if (waiting.size() == 1 && !isFull()) {
                long current = round;
                var unused = timer.schedule(() -> due(current), batching.longestWait().toNanos(), TimeUnit.NANOSECONDS);
            }
            sendWhatIsReady();
        } finally {
            lock.unlock();
        }
        ref.awaitIfHeld();
        return ref;
    }

    private void awaitRoom(String key) {
        long leftNanos = TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        try {
            while (!isClosed && isFull()) {
                if (leftNanos <= 0) {
                    throw new ReplicationException("no request was answered within " + PATIENCE_SECONDS + " s: key=" + key
                            + ", requestsInFlight=" + unanswered.size()
                            + "; nothing was appended: check whether most replicas are running, then try again", key, null);
                }
                leftNanos = room.awaitNanos(leftNanos);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw AnswerCheck.interrupted(key, e);
        }
        if (isClosed) {
            throw AnswerCheck.closed(key);
        }
    }

    private boolean isFull() {
        return waiting.size() >= batching.records() || waitingBytes >= batching.bytes();
    }

    private static long bytes(String key, WriteEntry entry) {
        return (long) Text.utf8Length(key) + entry.header().remaining() + entry.content().remaining();
    }

    private void due(long ofRound) {
        lock.lock();
        try {
            if (ofRound == round) {
                isDue = true;
                sendWhatIsReady();
            }
        } finally {
            lock.unlock();
        }
    }

    private void sendWhatIsReady() {
        if (!waiting.isEmpty() && (isDue || isFull() || isClosed) && unanswered.size() < batching.requestsInFlight()) {
            long after = unanswered.isEmpty() ? Append.NONE : unanswered.getLast().sequence;
            Request request = new Request(nextSequence++, waiting);
            waiting.clear();
            waitingBytes = 0;
            isDue = false;
            round++;
            room.signalAll();
            unanswered.add(request);
            send(request, after);
        }
    }

    private void send(Request request, long after) {
        CompletableFuture<byte[]> reply;
        try {
            reply = sender.send(request.command(producer, after));
        } catch (IOException | RuntimeException e) {
            reply = CompletableFuture.failedFuture(e);
        }
        var unused = reply.whenCompleteAsync((answer, failure) -> answered(request, answer, failure), answers);
    }

    private void answered(Request request, byte @Nullable [] answer, @Nullable Throwable failure) {
        try {
            AppendAnswer decoded = AnswerCheck.decode(answer, failure);
            if (decoded.isTooEarly()) {
                tooEarly(request);
                return;
            }
            int i = 0;
            for (List<Waiting> stream : request.byKey.values()) {
                set(stream, decoded.streams().get(i++));
            }
        } catch (IOException | RuntimeException e) {
            fail(request, e);
        }
        over(request); // first: what is acknowledged isn't failed by closing
        completions.deliver(request.refs());
    }

    private void tooEarly(Request request) {
        lock.lock();
        try {
            request.isTooEarly = true;
            sendAgain();
        } finally {
            lock.unlock();
        }
    }

    private void over(Request request) {
        lock.lock();
        try {
            unanswered.remove(request);
            sendAgain();
            sendWhatIsReady();
            room.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** What was too early, up to the first that is under way. */
    private void sendAgain() {
        long after = Append.NONE;
        for (Request each : List.copyOf(unanswered)) {
            if (!each.isTooEarly) {
                return;
            }
            each.isTooEarly = false;
            send(each, after);
            after = each.sequence;
        }
    }

    private static void set(List<Waiting> stream, AppendAnswer.Part part) {
        if (!(part instanceof Appended appended)) {
            stream.forEach(each -> each.ref().set(null, AnswerCheck.notAppended(each.key(), part)));
            return;
        }
        Map<Integer, Refused> refused = new HashMap<>();
        appended.refused().forEach(each -> refused.put(each.record(), each));
        long position = appended.position();
        for (int i = 0; i < stream.size(); i++) {
            Waiting each = stream.get(i);
            Refused fault = refused.get(i);
            if (fault != null) {
                each.ref().set(null, AnswerCheck.refused(each.key(), fault));
            } else {
                EntryRef ref = AnswerCheck.ref(each.key(), position, each.entry());
                each.ref().set(ref, null);
                position = ref.end();
            }
        }
    }

    /** What waits is sent as soon as may be; nothing more is taken. */
    void close() {
        lock.lock();
        try {
            isClosed = true;
            sendWhatIsReady();
            room.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until everything is answered, at most as long. */
    void awaitAnswers(long nanos) throws InterruptedException {
        long leftNanos = nanos;
        lock.lock();
        try {
            while ((!unanswered.isEmpty() || !waiting.isEmpty()) && leftNanos > 0) {
                leftNanos = room.awaitNanos(leftNanos);
            }
        } finally {
            lock.unlock();
        }
    }

    /** What isn't answered fails, behind the answers that have come; one that still comes changes nothing. */
    void failUnanswered() {
        List<Waiting> neverSent;
        List<Request> sent;
        lock.lock();
        try {
            neverSent = List.copyOf(waiting);
            sent = List.copyOf(unanswered);
            waiting.clear();
            unanswered.clear();
        } finally {
            lock.unlock();
        }
        if (!sent.isEmpty()) {
            IOException failure = new IOException("client was closed before an answer came");
            answers.execute(() -> {
                sent.forEach(each -> fail(each, failure));
                neverSent.forEach(each -> each.ref().set(null, AnswerCheck.closed(each.key())));
                sent.forEach(each -> completions.deliver(each.refs()));
                completions.deliver(neverSent.stream().map(Waiting::ref).toList());
            });
        }
    }

    private static void fail(Request request, Exception failure) {
        request.byKey.forEach((key, all) -> all.forEach(each -> each.ref().set(null, AnswerCheck.unknown(key, failure))));
    }
}
