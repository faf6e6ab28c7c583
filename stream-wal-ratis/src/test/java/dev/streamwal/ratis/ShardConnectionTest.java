package dev.streamwal.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.client.api.AsyncApi;
import org.apache.ratis.client.api.BlockingApi;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.exceptions.AlreadyClosedException;
import org.apache.ratis.protocol.exceptions.GroupMismatchException;
import org.apache.ratis.protocol.exceptions.LeaderSteppingDownException;
import org.apache.ratis.protocol.exceptions.RaftRetryFailureException;
import org.apache.ratis.protocol.exceptions.StateMachineException;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of calls whose client of Ratis' gives up, or asks a replica without the shard. Ratis' clients are played by the test, which says what they answer. */
@Timeout(300)
class ShardConnectionTest {

    /** A client of Ratis' that answers when it is told to. */
    private static final class Client {
        final List<CompletableFuture<RaftClientReply>> replies = new CopyOnWriteArrayList<>();
        final CompletableFuture<Boolean> closed = new CompletableFuture<>();
        final BooleanSupplier isOutdated;

        Client(BooleanSupplier isOutdated) {
            this.isOutdated = isOutdated;
        }

        RaftClient asRatis() {
            AsyncApi async = proxy(AsyncApi.class, (self, method, arguments) -> sent(method.getName()));
            BlockingApi blocking = proxy(BlockingApi.class, (self, method, arguments) -> {
                try {
                    return sent("send").join();
                } catch (CompletionException e) {
                    throw e.getCause();
                }
            });
            return proxy(RaftClient.class, (self, method, arguments) -> {
                switch (method.getName()) {
                    case "async":
                        return async;
                    case "io":
                        return blocking;
                    case "hashCode":
                        return System.identityHashCode(self);
                    case "close":
                        closed.complete(true);
                        return null;
                    default:
                        throw new UnsupportedOperationException(method.getName());
                }
            });
        }

        private CompletableFuture<RaftClientReply> sent(String name) {
            assertThat(name).isEqualTo("send");
            assertThat(Thread.currentThread().isInterrupted()).as("Ratis' client would refuse").isFalse();
            CompletableFuture<RaftClientReply> reply = new CompletableFuture<>();
            replies.add(reply);
            return reply;
        }

        private static <T> T proxy(Class<T> type, InvocationHandler handler) {
            return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
        }

        CompletableFuture<RaftClientReply> reply(int call) throws InterruptedException {
            while (replies.size() <= call) {
                Thread.sleep(1);
            }
            return replies.get(call);
        }
    }

    private static final RaftPeerId REPLICA = RaftPeerId.valueOf("n0");
    private static final byte[] COMMAND = new byte[1];

    private final List<Client> clients = new CopyOnWriteArrayList<>();
    private final ScheduledThreadPoolExecutor answers = NamedThreads.thatFinishes("answers");
    private boolean canOpen = true;
    private final ShardConnection connection = new ShardConnection((opened, isOutdated) -> {
        if (!canOpen) {
            throw new IllegalStateException("no threads left");
        }
        assertThat(opened).isEqualTo(clients.size());
        clients.add(new Client(isOutdated));
        return clients.get(opened).asRatis();
    }, answers);

    @AfterEach
    void stop() {
        answers.shutdownNow();
    }

    private Client client(int opened) throws InterruptedException {
        while (clients.size() <= opened) {
            Thread.sleep(1);
        }
        return clients.get(opened);
    }

    private static RaftClientReply reply(String content) {
        return RaftClientReply.newBuilder().setClientId(ClientId.randomId()).setServerId(REPLICA).setGroupId(RaftGroupId.randomId()).setSuccess(true)
                .setMessage(Message.valueOf(ByteString.copyFromUtf8(content))).build();
    }

    private static Throwable noShard() {
        return new CompletionException(new GroupMismatchException("n0: group not found"));
    }

    /** As Ratis fails what it was given behind a request that has failed. */
    private static Throwable behind(Throwable first) {
        return new CompletionException(new AlreadyClosedException("SlidingWindow is closed.", first.getCause()));
    }

    private static String text(CompletableFuture<byte[]> answer) throws Exception {
        return new String(answer.get(), StandardCharsets.UTF_8);
    }

    @Test
    void send_behindARequestThatWasGivenUp_goesByAnotherClient_andTheFirstIsClosedWhenNothingWaitsForIt() throws Exception {
        CompletableFuture<byte[]> waits = connection.send(COMMAND);
        CompletableFuture<byte[]> givenUp = connection.send(COMMAND);
        client(0).reply(1).completeExceptionally(new CompletionException(new RaftRetryFailureException(null, 600, null, new IOException("no leader"))));
        assertThatThrownBy(givenUp::get).hasRootCauseMessage("no leader");
        CompletableFuture<byte[]> next = connection.send(COMMAND);
        client(1).reply(0).complete(reply("by the second"));
        assertThat(text(next)).isEqualTo("by the second");
        assertThat(client(0).closed).isNotDone();
        client(0).reply(0).complete(reply("by the first"));
        assertThat(text(waits)).isEqualTo("by the first");
        assertThat(client(0).closed.get()).isTrue();
    }

    @Test
    void send_thatIsGivenUp_failsAlsoWhereNoOtherClientCanBeOpened_andALaterOneOpensIt() throws Exception {
        CompletableFuture<byte[]> givenUp = connection.send(COMMAND);
        canOpen = false;
        client(0).reply(0).completeExceptionally(new CompletionException(new RaftRetryFailureException(null, 600, null, new IOException("no leader"))));
        assertThat(givenUp).isDone();
        assertThatThrownBy(givenUp::get).hasRootCauseMessage("no leader");
        CompletableFuture<byte[]> second = connection.send(COMMAND);
        canOpen = true;
        client(0).reply(1).completeExceptionally(behind(new CompletionException(new IOException("no leader"))));
        assertThatThrownBy(second::get).hasRootCauseMessage("no leader");
        CompletableFuture<byte[]> next = connection.send(COMMAND);
        client(1).reply(0).complete(reply("by the second"));
        assertThat(text(next)).isEqualTo("by the second");
        assertThat(client(0).closed.get()).isTrue();
    }

    @Test
    void send_byAnInterruptedThread_isSent_andTheThreadStaysInterrupted() throws Exception {
        Thread.currentThread().interrupt();
        CompletableFuture<byte[]> answer = connection.send(COMMAND);
        assertThat(Thread.interrupted()).isTrue();
        client(0).reply(0).complete(reply("sent"));
        assertThat(text(answer)).isEqualTo("sent");
    }

    @Test
    void send_thatTheReplicasRefuse_leavesTheClientAsItIs() throws Exception {
        CompletableFuture<byte[]> refused = connection.send(COMMAND);
        client(0).reply(0).completeExceptionally(new CompletionException(new StateMachineException("refused")));
        assertThatThrownBy(refused::get).hasRootCauseMessage("refused");
        CompletableFuture<byte[]> next = connection.send(COMMAND);
        client(0).reply(1).complete(reply("by the first"));
        assertThat(text(next)).isEqualTo("by the first");
    }

    @Test
    void send_toAReplicaWithoutTheShard_isSentAgainByAClientOfTheNextOne_withAllThatCameBehindIt() throws Exception {
        CompletableFuture<byte[]> first = connection.send(COMMAND);
        CompletableFuture<byte[]> second = connection.send(COMMAND);
        Throwable failure = noShard();
        client(0).reply(0).completeExceptionally(failure);
        client(0).reply(1).completeExceptionally(behind(failure));
        client(1).reply(1); // both are sent again
        client(1).reply(0).completeExceptionally(noShard());
        client(1).reply(1).completeExceptionally(noShard());
        client(2).reply(0).complete(reply("first"));
        client(2).reply(1).complete(reply("second"));
        assertThat(Stream.of(text(first), text(second))).containsExactly("first", "second");
        assertThat(client(0).closed.get()).isTrue();
        assertThat(client(1).closed.get()).isTrue();
        assertThat(clients).hasSize(3);
    }

    @Test
    void send_toALeaderThatHandsOver_isSentAgainByTheSameClient() throws Exception {
        CompletableFuture<byte[]> refused = connection.send(COMMAND);
        CompletableFuture<byte[]> behind = connection.send(COMMAND);
        client(0).reply(0).completeExceptionally(new CompletionException(new LeaderSteppingDownException("n0 is stepping down")));
        client(0).reply(1).complete(reply("behind"));
        client(0).reply(2).completeExceptionally(new CompletionException(new LeaderSteppingDownException("n0 is stepping down")));
        client(0).reply(3).complete(reply("by the next leader"));
        assertThat(Stream.of(text(refused), text(behind))).containsExactly("by the next leader", "behind");
        assertThat(clients).hasSize(1);
    }

    @Test
    void send_whereNoReplicaHasTheShard_fails() throws Exception {
        CompletableFuture<byte[]> answer = connection.send(COMMAND);
        for (int i = 0; !answer.isDone(); i++) {
            assertThat(i).isLessThan(100);
            client(i).reply(0).completeExceptionally(noShard());
        }
        assertThatThrownBy(answer::get).hasRootCauseMessage("n0: group not found");
    }

    /** It may know only replicas that were left out, and would ask those until its time is over. */
    @Test
    void renew_takesAnotherClientForWhatComes_andForWhatTheOneBeforeItFailsAt() throws Exception {
        CompletableFuture<byte[]> answered = connection.send(COMMAND);
        CompletableFuture<byte[]> fails = connection.send(COMMAND);
        CompletableFuture<byte[]> refused = connection.send(COMMAND);
        assertThat(client(0).isOutdated.getAsBoolean()).isFalse();
        connection.renew();
        assertThat(client(0).isOutdated.getAsBoolean()).isTrue();
        CompletableFuture<byte[]> next = connection.send(COMMAND);
        client(1).reply(0).complete(reply("next"));
        client(0).reply(0).complete(reply("by the first"));
        client(0).reply(2).completeExceptionally(new CompletionException(new StateMachineException("refused")));
        assertThat(client(0).closed).isNotDone();
        client(0).reply(1).completeExceptionally(new CompletionException(new IOException("connection refused")));
        client(1).reply(1).complete(reply("by the second"));
        assertThat(Stream.of(text(next), text(answered), text(fails))).containsExactly("next", "by the first", "by the second");
        assertThatThrownBy(refused::get).hasRootCauseMessage("refused");
        assertThat(client(0).closed.get()).isTrue();
        assertThat(client(1).isOutdated.getAsBoolean()).isFalse();
        assertThat(clients).hasSize(2);
        connection.renew();
        assertThat(client(1).closed.get()).as("nothing waits for it").isTrue();
    }

    @Test
    void call_ofAReplicaWithoutTheShard_isMadeAgainByAClientOfTheNextOne() throws Exception {
        CompletableFuture<String> answer = CompletableFuture.supplyAsync(() -> {
            try {
                return new String(connection.call(client -> client.io().sendReadOnly(Message.EMPTY)), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new CompletionException(e);
            }
        });
        client(0).reply(0).completeExceptionally(new GroupMismatchException("n0: group not found"));
        client(1).reply(0).complete(reply("by the second"));
        assertThat(answer.get()).isEqualTo("by the second");
    }

    @Test
    void close_failsWhatHasNoAnswer_andWhatComesLater() throws Exception {
        List<CompletableFuture<byte[]>> all = new ArrayList<>(List.of(connection.send(COMMAND), connection.send(COMMAND)));
        client(0).reply(1).completeExceptionally(noShard()); // about to be sent again
        connection.close();
        all.add(connection.send(COMMAND));
        for (CompletableFuture<byte[]> each : all) {
            assertThatThrownBy(each::get).hasRootCauseMessage("client was closed before an answer came");
        }
    }
}
