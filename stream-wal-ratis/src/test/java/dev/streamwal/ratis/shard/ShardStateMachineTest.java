package dev.streamwal.ratis.shard;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.WriteEntry;
import dev.streamwal.ratis.wire.AppendAnswer;
import dev.streamwal.ratis.wire.AppendAnswer.Appended;
import dev.streamwal.ratis.wire.AppendAnswer.Forgotten;
import dev.streamwal.ratis.wire.Command;
import dev.streamwal.ratis.wire.Page;
import dev.streamwal.ratis.wire.Query;
import dev.streamwal.ratis.wire.StreamAppend;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.proto.RaftProtos.StateMachineLogEntryProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.server.storage.StorageImplUtils;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.SizeInBytes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A shard to which entries are applied by hand, and again after it was opened anew with files of an earlier moment. */
class ShardStateMachineTest {

    private static final long HOUR_MILLIS = Duration.ofHours(1).toMillis();
    private static final long START_MILLIS = 500_000 * HOUR_MILLIS;
    private static final Shards ONE = new Shards(1);

    @TempDir
    private Path folder;

    private RaftStorage storage;
    private ShardStateMachine machine;
    private final List<Throwable> failures = new ArrayList<>();

    @BeforeEach
    void open() throws Exception {
        storage = StorageImplUtils.newRaftStorage(folder.resolve("raft").toFile(), SizeInBytes.valueOf(0), RaftStorage.StartupOption.RECOVER,
                RaftServerConfigKeys.Log.CorruptionPolicy.EXCEPTION);
        storage.initialize();
        openMachine();
    }

    private void openMachine() throws Exception {
        ShardSettings settings = new ShardSettings(0, ONE.group(0, Map.of("n1", "127.0.0.1:7100")), "n1", folder.resolve("shard-0"),
                wal -> wal.window(Duration.ofHours(1)).retention(Duration.ofHours(2)).segmentBytes(1 << 20), 1 << 20);
        machine = new ShardStateMachine(settings, (shard, failure) -> failures.add(failure));
        // asked for nothing but its name
        RaftServer server = (RaftServer) Proxy.newProxyInstance(RaftServer.class.getClassLoader(), new Class<?>[] {RaftServer.class},
                (proxy, method, arguments) -> RaftPeerId.valueOf("n1"));
        machine.initialize(server, ONE.groupId(0), storage);
    }

    @AfterEach
    void close() throws Exception {
        machine.closing();
        machine.close();
        storage.close();
    }

    private byte[] apply(long index, long millis, Command command) throws Exception {
        ByteString data = ByteString.copyFrom(ByteBuffer.allocate(8).putLong(millis).flip()).concat(ByteString.copyFrom(command.encode()));
        LogEntryProto entry = LogEntryProto.newBuilder().setTerm(1).setIndex(index)
                .setStateMachineLogEntry(StateMachineLogEntryProto.newBuilder().setLogData(data)).build();
        return machine.applyTransaction(TransactionContext.newBuilder().setServerRole(RaftPeerRole.FOLLOWER).setStateMachine(machine).setLogEntry(entry)
                .build()).get().getContent().toByteArray();
    }

    private static Command.Append append(long sequence, String key, String... texts) {
        return new Command.Append("p", sequence, List.of(new StreamAppend(key, StreamAppend.ANY_END,
                Arrays.stream(texts).map(text -> WriteEntry.of(text.getBytes(UTF_8))).toList())));
    }

    private static AppendAnswer.Part only(byte[] answer) throws Exception {
        return AppendAnswer.decode(new DataInputStream(new ByteArrayInputStream(answer))).streams().get(0);
    }

    private List<String> texts(String key) throws Exception {
        Message answer = machine.query(Message.valueOf(ByteString.copyFrom(new Query.Scan(key, 0, 1_000).encode()))).get();
        return Page.decode(new DataInputStream(answer.getContent().newInput())).records().stream().map(each -> new String(each.content(), UTF_8)).toList();
    }

    private static void copy(Path from, Path to) throws Exception {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path each : all.toList()) {
                Path target = to.resolve(from.relativize(each).toString());
                if (Files.isDirectory(each)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(each, target, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
    }

    /** As after a kill: the records are there, and the state and Ratis' marker are those of the last snapshot. */
    private void reopen() throws Exception {
        machine.closing();
        machine.close();
        openMachine();
    }

    @Test
    void applyTransaction_again_leavesWhatIsThere_andAnswersTheSame() throws Exception {
        byte[] first = apply(1, START_MILLIS, append(1, "a", "x", "y"));
        machine.takeSnapshot();
        byte[] second = apply(2, START_MILLIS + 1, append(2, "a", "z"));
        byte[] third = apply(3, START_MILLIS + 2, append(3, "b", "v", "w"));
        reopen();
        assertThat(machine.getLastAppliedTermIndex().getIndex()).isEqualTo(1);
        assertThat(apply(2, START_MILLIS + 1, append(2, "a", "z"))).isEqualTo(second);
        assertThat(apply(3, START_MILLIS + 2, append(3, "b", "v", "w"))).isEqualTo(third);
        assertThat(texts("a")).containsExactly("x", "y", "z");
        assertThat(texts("b")).containsExactly("v", "w");
        assertThat(apply(4, START_MILLIS + 3, append(1, "a", "x", "y"))).as("the producer asks again").isEqualTo(first);
        assertThat(texts("a")).hasSize(3);
    }

    @Test
    void applyTransaction_ofRefusedRecordAgain_isRefusedAgain_whateverStandsThereNow() throws Exception {
        machine.takeSnapshot();
        Command.Append old = new Command.Append("p", 1, List.of(new StreamAppend("a", StreamAppend.ANY_END,
                List.of(WriteEntry.of(new byte[1], START_MILLIS - 10 * HOUR_MILLIS)))));
        byte[] refused = apply(1, START_MILLIS, old);
        byte[] appended = apply(2, START_MILLIS, append(2, "a", "x"));
        assertThat(only(refused)).isInstanceOf(AppendAnswer.Refused.class);
        reopen();
        assertThat(apply(1, START_MILLIS, old)).isEqualTo(refused);
        assertThat(apply(2, START_MILLIS, append(2, "a", "x"))).isEqualTo(appended);
    }

    @Test
    void applyTransaction_ofExpiry_deletesByTheLeadersTime_andAgain() throws Exception {
        apply(1, START_MILLIS, append(1, "a", "old"));
        apply(2, START_MILLIS + 2 * HOUR_MILLIS, append(2, "a", "new"));
        apply(3, START_MILLIS + 4 * HOUR_MILLIS - 1, new Command.Expire());
        assertThat(texts("a")).containsExactly("new");
        byte[] last = apply(4, START_MILLIS + 4 * HOUR_MILLIS, append(3, "a", "newer"));
        reopen();
        assertThat(machine.getLastAppliedTermIndex().getIndex()).as("Ratis took no snapshot").isEqualTo(-1);
        assertThat(only(apply(1, START_MILLIS, append(1, "a", "old")))).isInstanceOf(Appended.class);
        apply(2, START_MILLIS + 2 * HOUR_MILLIS, append(2, "a", "new"));
        apply(3, START_MILLIS + 4 * HOUR_MILLIS - 1, new Command.Expire());
        assertThat(apply(4, START_MILLIS + 4 * HOUR_MILLIS, append(3, "a", "newer"))).isEqualTo(last);
        assertThat(texts("a")).containsExactly("new", "newer");
    }

    /** Trap 3: Ratis hears of no snapshot that is ahead of its own log. */
    @Test
    void initialize_withStateAheadOfTheMarker_tellsRatisTheMarker_andPassesOverWhatItHas() throws Exception {
        apply(1, START_MILLIS, append(1, "a", "x"));
        machine.takeSnapshot();
        apply(2, START_MILLIS, append(2, "a", "y"));
        apply(3, START_MILLIS + 1, new Command.Expire()); // saves the state
        reopen();
        assertThat(machine.getLatestSnapshot().getIndex()).isEqualTo(1);
        assertThat(machine.getLastAppliedTermIndex().getIndex()).isEqualTo(1);
        Command.Append unknown = new Command.Append("another", 1, append(2, "a", "y").streams());
        assertThat(only(apply(2, START_MILLIS, unknown))).as("not applied again").isInstanceOf(Forgotten.class);
        assertThat(texts("a")).containsExactly("x", "y");
    }

    /** Trap 4: what fails is thrown, since a future that fails counts as applied; and the server hears of it. */
    @Test
    void applyTransaction_thatFails_throws_andClosingTellsWhy() throws Exception {
        apply(1, START_MILLIS, append(1, "a", "x"));
        machine.takeSnapshot();
        apply(2, START_MILLIS, append(2, "a", "y"));
        reopen();
        assertThatThrownBy(() -> apply(2, START_MILLIS, append(2, "a", "not what was there"))).isInstanceOf(RuntimeException.class);
        assertThat(machine.getLastAppliedTermIndex().getIndex()).isEqualTo(1);
        machine.close(); // as Ratis does
        assertThat(failures).singleElement().isNotNull();
        assertThat(folder.resolve("shard-0/damaged")).as("the next opening fetches a peer's log").exists();
    }

    private void start(byte[] message) throws IOException {
        machine.startTransaction(RaftClientRequest.newBuilder().setClientId(ClientId.randomId()).setServerId(RaftPeerId.valueOf("n1"))
                .setGroupId(ONE.groupId(0)).setCallId(1).setMessage(Message.valueOf(ByteString.copyFrom(message)))
                .setType(RaftClientRequest.writeRequestType()).build());
    }

    @Test
    void startTransaction_ofWhatCantBeApplied_isRefused_beforeItIsInTheRaftLog() throws IOException {
        start(append(1, "a", "x").encode());
        assertThatThrownBy(() -> start(new byte[] {9, 1, 2})).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> start(append(1, "a").encode())).isInstanceOf(IOException.class).hasMessageContaining("no record");
        byte[] longer = Arrays.copyOf(append(1, "a", "x").encode(), 100);
        assertThatThrownBy(() -> start(longer)).isInstanceOf(IOException.class).hasMessageContaining("behind a command");
    }

    @Test
    void initialize_afterSwitchThatWasCutShort_finishesIt() throws Exception {
        apply(1, START_MILLIS, append(1, "a", "x"));
        machine.takeSnapshot();
        machine.closing();
        machine.close();
        Path shard = folder.resolve("shard-0");
        copy(shard.resolve("log"), shard.resolve("ready"));
        Files.delete(shard.resolve("log/state")); // the old log was being deleted
        openMachine();
        assertThat(texts("a")).containsExactly("x");
        assertThat(shard.resolve("ready")).doesNotExist();
    }
}
