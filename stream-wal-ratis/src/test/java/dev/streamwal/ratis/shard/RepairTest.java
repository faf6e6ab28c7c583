package dev.streamwal.ratis.shard;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.WriteEntry;
import dev.streamwal.ratis.repair.ImagePeers;
import dev.streamwal.ratis.wire.Command;
import dev.streamwal.ratis.wire.Page;
import dev.streamwal.ratis.wire.Query;
import dev.streamwal.ratis.wire.StreamAppend;
import java.io.DataInputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.function.UnaryOperator;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.proto.RaftProtos.StateMachineLogEntryProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.server.storage.StorageImplUtils;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.SizeInBytes;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A replica whose log is damaged asks one peer after another, until it has an image that it can begin with, and keeps its own until then. Three replicas without
 * Ratis between them: entries are applied by hand, and what one asks another is answered as Ratis would have it answered.
 */
class RepairTest {

    private static final long HOUR_MILLIS = Duration.ofHours(1).toMillis();
    private static final long START_MILLIS = 500_000 * HOUR_MILLIS;
    private static final RaftGroup GROUP = new Shards(1).group(0, new LinkedHashMap<>(Map.of("n1", "127.0.0.1:1", "n2", "127.0.0.1:2", "n3", "127.0.0.1:3")));

    @TempDir
    private Path folder;

    private final List<Replica> replicas = new ArrayList<>();
    /** The damaged one, and the others, as it asks them. */
    private Replica damaged;
    private Replica first;
    private Replica second;
    private final List<String> asked = new CopyOnWriteArrayList<>();
    /** How often the first file of an image was read, of which replica. */
    private final List<String> fetched = new CopyOnWriteArrayList<>();

    private final class Replica implements ShardStateMachine.Listener, AutoCloseable {
        private final String name;
        private final Path shard;
        private final RaftStorage storage;
        private ShardStateMachine machine;

        Replica(String name) throws Exception {
            this.name = name;
            this.shard = folder.resolve(name).resolve("shard-0");
            this.storage = StorageImplUtils.newRaftStorage(folder.resolve(name).resolve("raft").toFile(), SizeInBytes.valueOf(0),
                    RaftStorage.StartupOption.RECOVER, RaftServerConfigKeys.Log.CorruptionPolicy.EXCEPTION);
            storage.initialize();
            start();
        }

        final void start() throws Exception {
            machine = new ShardStateMachine(new ShardSettings(0, GROUP, name, shard,
                    wal -> wal.window(Duration.ofHours(1)).retention(Duration.ofHours(9)).segmentBytes(4 << 20),
                    new ImageRule(1_000, 1 << 20, HOUR_MILLIS), new Parameters(), true, 1 << 30), this, RepairTest.this::connect, System::nanoTime);
            RaftServer server = (RaftServer) Proxy.newProxyInstance(RaftServer.class.getClassLoader(), new Class<?>[] {RaftServer.class},
                    (proxy, method, arguments) -> RaftPeerId.valueOf(name));
            machine.initialize(server, GROUP.getGroupId(), storage);
        }

        void apply(long index, long millis, String text) throws Exception {
            Command command = new Command.Append("p", index, List.of(new StreamAppend("a", StreamAppend.ANY_END, List.of(WriteEntry.of(text.getBytes(UTF_8))))));
            ByteString data = ByteString.copyFrom(ByteBuffer.allocate(8).putLong(millis).flip()).concat(ByteString.copyFrom(command.encode()));
            LogEntryProto entry = LogEntryProto.newBuilder().setTerm(1).setIndex(index)
                    .setStateMachineLogEntry(StateMachineLogEntryProto.newBuilder().setLogData(data)).build();
            assertThat(machine.applyTransaction(TransactionContext.newBuilder().setServerRole(RaftPeerRole.FOLLOWER).setStateMachine(machine).setLogEntry(entry)
                    .build()).get()).isNotNull();
        }

        DataInputStream ask(Query query) throws IOException {
            try {
                return new DataInputStream(machine.queryStale(Message.valueOf(ByteString.copyFrom(query.encode())), -1).get().getContent().newInput());
            } catch (ExecutionException | InterruptedException e) {
                throw new IOException(String.valueOf(e.getMessage()), e);
            }
        }

        List<String> texts() throws IOException {
            return Page.decode(ask(new Query.Scan("a", 0, 100))).records().stream().map(each -> new String(each.content(), UTF_8)).toList();
        }

        List<String> images() throws IOException {
            List<String> names = new ArrayList<>();
            try (DirectoryStream<Path> all = Files.newDirectoryStream(shard.resolve("images"))) {
                all.forEach(each -> names.add(each.getFileName().toString()));
            }
            return names;
        }

        void change(String file, UnaryOperator<byte[]> change) throws IOException {
            Path changed = shard.resolve("images").resolve(images().get(0)).resolve(file);
            Files.write(changed, change.apply(Files.readAllBytes(changed)));
        }

        void damageState() throws IOException {
            change("state", bytes -> {
                bytes[bytes.length / 2] ^= 1;
                return bytes;
            });
        }

        /** Every byte, as all stands twice in it. This takes some seconds: a reader takes it for a file that is being written. */
        void damagePositions() throws IOException {
            change("wal/positions", bytes -> {
                for (int i = 0; i < bytes.length; i++) {
                    bytes[i] ^= 1;
                }
                return bytes;
            });
        }

        @Override
        public void failed(int number) {
            throw new AssertionError("Raft log failed");
        }

        @Override
        public void closed(int number, @Nullable Throwable failure) {
            throw new AssertionError(failure);
        }

        void closeMachine() {
            machine.closing();
            machine.close();
        }

        @Override
        public void close() throws IOException {
            closeMachine();
            storage.close();
        }
    }

    private ImagePeers.Connection connect(RaftPeer peer) {
        Replica replica = replicas.stream().filter(each -> each.name.equals(peer.getId().toString())).findFirst().orElseThrow();
        return new ImagePeers.Connection() {
            @Override
            public DataInputStream ask(Query query) throws IOException {
                if (query instanceof Query.OpenImage) {
                    asked.add(replica.name);
                } else if (query instanceof Query.ReadImage read && read.file() == 0) {
                    fetched.add(replica.name);
                }
                return replica.ask(query);
            }

            @Override
            public void close() {
                // nothing is open
            }
        };
    }

    @BeforeEach
    void apply() throws Exception {
        List<String> names = GROUP.getPeers().stream().map(peer -> peer.getId().toString()).toList();
        for (String name : names) {
            Replica replica = new Replica(name);
            replicas.add(replica);
            replica.apply(1, START_MILLIS, "x");
            replica.apply(2, START_MILLIS + HOUR_MILLIS, "y");
        }
        first = replicas.get(0);
        second = replicas.get(1);
        damaged = replicas.get(2);
        damaged.closeMachine();
        Files.writeString(damaged.shard.resolve("damaged"), "a test says so");
    }

    @AfterEach
    void close() throws Exception {
        for (Replica each : replicas) {
            each.close();
        }
    }

    private void assertRepaired(String... peers) throws IOException {
        assertThat(asked).containsExactly(peers);
        assertThat(damaged.texts()).containsExactly("x");
        assertThat(damaged.images()).containsExactly("1-1");
        assertThat(damaged.shard.resolve("damaged")).doesNotExist();
    }

    @Test
    void start_whereTheFirstPeersImageIsWhole_beginsWithIt() throws Exception {
        damaged.start();
        assertRepaired(first.name);
    }

    @Test
    void start_whereTheFirstPeersStateIsDamaged_beginsWithTheNextOnes() throws Exception {
        first.damageState();
        damaged.start();
        assertRepaired(first.name, second.name);
    }

    @Test
    void start_whereTheFirstPeersPositionsAreDamaged_beginsWithTheNextOnes() throws Exception {
        first.damagePositions();
        damaged.start();
        assertRepaired(first.name, second.name);
    }

    @Test
    void start_whereNoPeersImageCanBeUsed_saysWhatIsWrongWithEach_atOnce_andKeepsItsOwn() throws Exception {
        first.damageState();
        byte[] whole = Files.readAllBytes(second.shard.resolve("images/1-1/state"));
        second.change("state", ShardStateTest::ofTheNextVersion);
        damaged.change("state", bytes -> "this replica's own".getBytes(UTF_8));
        assertThatThrownBy(damaged::start).isInstanceOf(IOException.class).hasMessageContaining("no other replica gave an image")
                .hasMessageContaining(first.name + ": image of the peer can't be used: index=1, because: state of a shard is damaged")
                .hasMessageContaining(second.name + ": image of the peer can't be used: index=1, because: state of a shard was written by another version");
        assertThat(asked).containsExactly(first.name, second.name);
        assertThat(damaged.images()).containsExactly("1-1");
        assertThat(damaged.shard.resolve("images/1-1/state")).hasContent("this replica's own");
        assertThat(damaged.shard.resolve("damaged")).exists();
        second.change("state", bytes -> whole);
        asked.clear();
        damaged.start();
        assertRepaired(first.name, second.name);
    }

    @Test
    void start_whereNoPeersImageCanBeUsed_saysWhyItsOwnCannot() throws Exception {
        first.damageState();
        second.damageState();
        assertThatThrownBy(damaged::start).hasMessageContaining("no other replica gave an image")
                .satisfies(failure -> assertThat(failure.getSuppressed()).extracting(Throwable::getMessage)
                        .anyMatch(own -> own.startsWith("log was found damaged before this start: because: a test says so, file=")));
        Files.delete(damaged.shard.resolve("damaged"));
        damaged.damageState();
        assertThatThrownBy(damaged::start).hasMessageContaining("no other replica gave an image")
                .satisfies(failure -> assertThat(failure.getSuppressed()).extracting(Throwable::getMessage)
                        .anyMatch(own -> own.startsWith("state of a shard is damaged: bytes=") && own.contains(damaged.shard.toString())));
    }

    /** Then it waits for a peer's next image, and doesn't fetch the same one again and again. */
    @Test
    void start_whereOnePeerHasNoImageYet_waitsForIt_andPassesOverWhatItHasFetched() throws Exception {
        first.damageState();
        second.closeMachine();
        Path kept = folder.resolve("kept");
        Files.move(second.shard.resolve("images"), kept);
        second.start();
        Thread other = new Thread(() -> {
            try {
                while (asked.size() < 4) {
                    Thread.sleep(20);
                }
                Files.move(kept.resolve("1-1"), second.shard.resolve("images/1-1"));
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        other.start();
        damaged.start();
        other.join();
        assertThat(asked.subList(0, 4)).containsExactly(first.name, second.name, first.name, second.name);
        assertThat(damaged.texts()).containsExactly("x");
        assertThat(fetched).containsExactly(first.name, second.name);
    }
}
