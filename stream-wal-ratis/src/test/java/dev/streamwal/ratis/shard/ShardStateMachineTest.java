package dev.streamwal.ratis.shard;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.WriteEntry;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.SuppressForbidden;
import dev.streamwal.io.DirectoryTree;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.ratis.repair.ImagePeers;
import dev.streamwal.ratis.wire.AppendAnswer;
import dev.streamwal.ratis.wire.AppendAnswer.Appended;
import dev.streamwal.ratis.wire.AppendAnswer.Forgotten;
import dev.streamwal.ratis.wire.Command;
import dev.streamwal.ratis.wire.Command.Tick;
import dev.streamwal.ratis.wire.ImagePiece;
import dev.streamwal.ratis.wire.Page;
import dev.streamwal.ratis.wire.Query;
import dev.streamwal.ratis.wire.StreamAppend;
import dev.streamwal.reader.WalReader;
import dev.streamwal.storage.SmallDisk;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.proto.RaftProtos.StateMachineLogEntryProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.raftlog.RaftLog;
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

/** What Ratis asks of a shard: entries by hand, markers, starting again, and what happens where something fails. */
class ShardStateMachineTest {

    private static final long HOUR_MILLIS = Duration.ofHours(1).toMillis();
    private static final long START_MILLIS = 500_000 * HOUR_MILLIS;
    private static final Shards ONE = new Shards(1);
    private static final String LARGE = "y".repeat(500_000);

    @TempDir
    private Path folder;

    private RaftStorage storage;
    private ShardStateMachine machine;
    private final List<Throwable> failures = new ArrayList<>();
    private int raftLogFailures;
    private Map<String, String> replicas = Map.of("n1", "127.0.0.1:7100", "n2", "127.0.0.1:7101");
    /** What this replica would stamp, and what has passed. */
    private long leaderMillis = START_MILLIS;
    private long steadyNanos;
    /** Up to where the Raft log is forced. */
    private long forcedIndex = Long.MAX_VALUE;

    @BeforeEach
    void open() throws Exception {
        storage = StorageImplUtils.newRaftStorage(folder.resolve("raft").toFile(), SizeInBytes.valueOf(0), RaftStorage.StartupOption.RECOVER,
                RaftServerConfigKeys.Log.CorruptionPolicy.EXCEPTION);
        storage.initialize();
        openMachine();
    }

    private void openMachine() throws Exception {
        ShardSettings settings = new ShardSettings(0, ONE.group(0, replicas), "n1", folder.resolve("shard-0"),
                wal -> wal.window(Duration.ofHours(1)).retention(Duration.ofHours(2)).segmentBytes(4 << 20)
                        .clock(() -> Instant.ofEpochMilli(leaderMillis)), new ImageRule(1_000, 1 << 20, HOUR_MILLIS), new Parameters(), true, 1 << 20);
        machine = new ShardStateMachine(settings, new ShardStateMachine.Listener() {
            @Override
            public void failed(int shard) {
                raftLogFailures++;
            }

            @Override
            public void closed(int shard, @Nullable Throwable failure) {
                failures.add(failure);
            }
        }, peer -> new NoImage(), () -> steadyNanos);
        machine.initialize(server(), ONE.groupId(0), storage);
    }

    /** To a peer whose image has no file. */
    private static final class NoImage implements ImagePeers.Connection {

        @Override
        public DataInputStream ask(Query query) {
            ByteBuffer opened = ByteBuffer.allocate(20).putLong(1).putLong(1_000).putInt(0);
            return new DataInputStream(new ByteArrayInputStream(opened.array()));
        }

        @Override
        public void close() {}
    }

    /** Asked for its name, and how far the Raft log is forced. */
    private RaftServer server() {
        RaftLog log = answering(RaftLog.class, "getFlushIndex", () -> forcedIndex);
        RaftServer.Division division = answering(RaftServer.Division.class, "getRaftLog", () -> log);
        return (RaftServer) Proxy.newProxyInstance(RaftServer.class.getClassLoader(), new Class<?>[] {RaftServer.class},
                (proxy, method, arguments) -> method.getName().equals("getDivision") ? division : RaftPeerId.valueOf("n1"));
    }

    private interface Answer {
        Object get();
    }

    private static <T> T answering(Class<T> type, String asked, Answer answer) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
            assertThat(method.getName()).isEqualTo(asked);
            return answer.get();
        }));
    }

    @AfterEach
    void close() throws Exception {
        stop();
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

    private DataInputStream ask(Query query) throws Exception {
        Message answer = machine.query(Message.valueOf(ByteString.copyFrom(query.encode()))).get();
        return new DataInputStream(answer.getContent().newInput());
    }

    private List<String> texts(String key) throws Exception {
        return Page.decode(ask(new Query.Scan(key, 0, 1_000))).records().stream().map(each -> new String(each.content(), UTF_8)).toList();
    }

    private void stop() {
        machine.closing();
        machine.close();
    }

    /** The image has the first of two records. */
    private void makeImageAndStop(String first) throws Exception {
        apply(1, START_MILLIS, append(1, "a", first));
        apply(2, START_MILLIS + HOUR_MILLIS, append(2, "a", "y"));
        stop();
    }

    /** As after a kill: of the shard nothing counts but its image, and of Ratis its marker. */
    private void reopen() throws Exception {
        stop();
        openMachine();
    }

    @Test
    void applyTransaction_again_answersTheSame() throws Exception {
        byte[] first = apply(1, START_MILLIS, append(1, "a", "x", "y"));
        byte[] second = apply(2, START_MILLIS + HOUR_MILLIS, append(2, "a", "z"));
        byte[] third = apply(3, START_MILLIS + HOUR_MILLIS + 1, append(3, "b", "v", "w"));
        assertThat(machine.takeSnapshot()).isEqualTo(1);
        reopen();
        assertThat(machine.getLastAppliedTermIndex().getIndex()).isEqualTo(1);
        assertThat(apply(2, START_MILLIS + HOUR_MILLIS, append(2, "a", "z"))).isEqualTo(second);
        assertThat(apply(3, START_MILLIS + HOUR_MILLIS + 1, append(3, "b", "v", "w"))).isEqualTo(third);
        assertThat(texts("a")).containsExactly("x", "y", "z");
        assertThat(texts("b")).containsExactly("v", "w");
        assertThat(apply(4, START_MILLIS + HOUR_MILLIS + 3, append(1, "a", "x", "y"))).as("the producer asks again").isEqualTo(first);
        assertThat(texts("a")).hasSize(3);
    }

    /** Nobody has another image: what is wrong with its own must be said, and what is left of the live log stays. */
    @Test
    void start_ofAReplicaWithoutPeers_whoseImageIsDamaged_saysWhatIsWrong_andKeepsWhatWasTheLiveLog() throws Exception {
        replicas = Map.of("n1", "127.0.0.1:7100");
        reopen();
        makeImageAndStop("x");
        Path shard = folder.resolve("shard-0");
        byte[] state = Files.readAllBytes(shard.resolve("images/1-1/state"));
        Files.writeString(shard.resolve("images/1-1/state"), "damaged");
        assertThatThrownBy(this::openMachine).isInstanceOf(DamagedImageException.class).hasMessageContaining("file is no state of a shard")
                .hasMessageContaining("images/1-1/state").hasMessageContaining("there is no other replica").hasMessageContaining("wal.before");
        assertThatThrownBy(this::openMachine).as("again").isInstanceOf(DamagedImageException.class);
        try (WalReader reader = WalReader.open(shard.resolve("wal.before"))) {
            assertThat(reader.latest("a").orElseThrow().content().toString(UTF_8)).isEqualTo("y");
        }
        Files.write(shard.resolve("images/1-1/state"), state);
        openMachine();
        assertThat(shard.resolve("wal.before")).doesNotExist();
        assertThat(texts("a")).containsExactly("x");
    }

    /** What was the live log may take all the room there is. */
    @Test
    void start_ofAReplicaWithoutPeers_whoseDiskIsFull_givesUpWhatWasTheLiveLog_asItsImageIsWhole() throws Exception {
        try (SmallDisk disk = SmallDisk.mount(64 << 20)) {
            makeImageAndFill(disk);
            openMachine();
            assertThat(texts("a")).containsExactly("x-in-the-image");
            assertThat(disk.directory().resolve("wal.before")).doesNotExist();
            apply(2, START_MILLIS + HOUR_MILLIS, append(2, "a", "y"));
            assertThat(texts("a")).containsExactly("x-in-the-image", "y");
            stop();
        }
    }

    @Test
    void start_ofAReplicaWithoutPeers_whoseDiskIsFull_andWhoseImageIsDamaged_keepsWhatWasTheLiveLog() throws Exception {
        try (SmallDisk disk = SmallDisk.mount(64 << 20)) {
            makeImageAndFill(disk);
            damage(disk.directory().resolve("images/1-1/wal"), "x-in-the-image");
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(this::openMachine).isInstanceOf(DamagedImageException.class).hasMessageContaining("log is damaged: stream=a")
                        .hasMessageContaining("there is no other replica").hasMessageContaining("wal.before");
                try (WalReader reader = WalReader.open(disk.directory().resolve("wal.before"))) {
                    assertThat(reader.latest("a").orElseThrow().content().readableBytes()).isEqualTo(LARGE.length());
                }
            }
        }
    }

    /** Of a replica without peers. The image has the first record; the live log takes some megabytes, and nothing is free. */
    private void makeImageAndFill(SmallDisk disk) throws Exception {
        stop();
        DirectoryTree.delete(folder.resolve("shard-0"));
        Files.createSymbolicLink(folder.resolve("shard-0"), disk.directory());
        replicas = Map.of("n1", "127.0.0.1:7100");
        openMachine();
        apply(1, START_MILLIS, append(1, "a", "x-in-the-image"));
        apply(2, START_MILLIS + HOUR_MILLIS, append(2, "a", LARGE, LARGE, LARGE, LARGE, LARGE, LARGE, LARGE, LARGE, LARGE, LARGE));
        stop();
        assertThatThrownBy(() -> {
            try (OutputStream filler = Files.newOutputStream(disk.directory().resolve("filler"))) {
                byte[] page = new byte[4 << 10];
                while (true) {
                    filler.write(page);
                }
            }
        }).hasMessageContaining("o space left on device");
    }

    private static void damage(Path log, String content) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(log)) {
            files = all.filter(Files::isRegularFile).toList();
        }
        int damaged = 0;
        for (Path file : files) {
            byte[] bytes = Files.readAllBytes(file);
            int at = new String(bytes, ISO_8859_1).indexOf(content);
            if (at >= 0) {
                bytes[at] ^= 1;
                try (FileChannel open = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    open.write(ByteBuffer.wrap(bytes, at, 1), at);
                }
                damaged++;
            }
        }
        assertThat(damaged).isEqualTo(1);
    }

    @Test
    void query_ofExpiredStream_showsNothing_alsoWhereFilesStillHaveIt() throws Exception {
        apply(1, START_MILLIS + 1, append(1, "a", "old"));
        apply(2, START_MILLIS + HOUR_MILLIS + HOUR_MILLIS / 2, append(2, "b", "newer"));
        apply(3, START_MILLIS + 2 * HOUR_MILLIS + 2, new Tick(Tick.NONE, 0));
        apply(4, START_MILLIS + 2 * HOUR_MILLIS + HOUR_MILLIS / 2, new Tick(Tick.NONE, 0));
        apply(5, START_MILLIS + 2 * HOUR_MILLIS + HOUR_MILLIS / 2, append(3, "b", "newer"));
        assertThat(texts("a")).isEmpty();
        assertThat(Page.decode(ask(new Query.Latest("a"))).records()).isEmpty();
        assertThat(ask(new Query.End("a")).readLong()).isZero();
        assertThat(texts("b")).containsExactly("newer", "newer");
    }

    /** Trap 3: Ratis hears of no image that is ahead of what is forced of its own log. */
    @Test
    void takeSnapshot_isTheImage_whenTheRaftLogIsForcedUpToThere() throws Exception {
        assertThat(machine.takeSnapshot()).as("no image").isEqualTo(RaftLog.INVALID_LOG_INDEX);
        apply(1, START_MILLIS, append(1, "a", "x"));
        apply(2, START_MILLIS, append(2, "a", "y"));
        apply(3, START_MILLIS + HOUR_MILLIS, append(3, "a", "z"));
        forcedIndex = 1;
        assertThat(machine.takeSnapshot()).isEqualTo(RaftLog.INVALID_LOG_INDEX);
        assertThat(machine.getLatestSnapshot()).isNull();
        reopen();
        assertThat(machine.getLastAppliedTermIndex().getIndex()).as("no marker").isEqualTo(-1);
        Command.Append unknown = new Command.Append("another", 1, append(2, "a", "y").streams());
        assertThat(only(apply(2, START_MILLIS, unknown))).as("not applied again").isInstanceOf(Forgotten.class);
        assertThat(texts("a")).containsExactly("x", "y");
        apply(3, START_MILLIS + HOUR_MILLIS, append(3, "a", "z"));
        forcedIndex = 2;
        assertThat(machine.takeSnapshot()).isEqualTo(2);
        assertThat(machine.takeSnapshot()).as("once").isEqualTo(RaftLog.INVALID_LOG_INDEX);
        assertThat(machine.getLatestSnapshot().getIndex()).isEqualTo(2);
    }

    /** As Ratis leaves its folder where it is killed between the two renames by which it installs a peer's marker. */
    @Test
    @SuppressForbidden("Ratis names its folder as a File")
    void initialize_withoutTheFolderOfMarkers_hasTheOneThatWasSetAside() throws Exception {
        apply(1, START_MILLIS, append(1, "a", "x"));
        apply(2, START_MILLIS + HOUR_MILLIS, append(2, "a", "y"));
        assertThat(machine.takeSnapshot()).isEqualTo(1);
        stop();
        Path markers = storage.getStorageDir().getStateMachineDir().toPath();
        Files.createDirectory(markers.resolveSibling("sm.tmp20250101-010203_004"));
        Files.move(markers, markers.resolveSibling("sm.tmp20260101-010203_004"));
        openMachine();
        assertThat(machine.getLastAppliedTermIndex().getIndex()).isEqualTo(1);
        apply(2, START_MILLIS + HOUR_MILLIS, append(2, "a", "y"));
        apply(3, START_MILLIS + 2 * HOUR_MILLIS, append(3, "a", "z"));
        assertThat(machine.takeSnapshot()).isEqualTo(2);
    }

    /** As a kill leaves it that comes when a peer's marker is there, and Ratis hasn't deleted its own log for it. */
    @Test
    @SuppressForbidden("Ratis names its folder as a File")
    void initialize_withARaftLogThatEndsBeforeTheMarker_deletesIt() throws Exception {
        apply(1, START_MILLIS, append(1, "a", "x"));
        apply(2, START_MILLIS + HOUR_MILLIS, append(2, "a", "y"));
        Path raftLog = storage.getStorageDir().getCurrentDir().toPath();
        Path before = Files.createFile(raftLog.resolve("log_0-0"));
        reopen();
        assertThat(before).as("no marker yet").exists();
        apply(2, START_MILLIS + HOUR_MILLIS, append(2, "a", "y"));
        assertThat(machine.takeSnapshot()).isEqualTo(1);
        reopen();
        assertThat(before).doesNotExist();
    }

    /** Trap 4: what fails is thrown, since a future that fails counts as applied; and the server hears of it. */
    @Test
    void applyTransaction_thatFails_throws_andClosingTellsWhy() throws Exception {
        apply(1, START_MILLIS, append(1, "a", "x"));
        apply(2, START_MILLIS, Tick.UNSTAMPED);
        assertThatThrownBy(() -> apply(3, START_MILLIS, new Tick(2, 17))).isInstanceOf(DivergenceException.class);
        assertThat(machine.getLastAppliedTermIndex().getIndex()).isEqualTo(2);
        machine.close(); // as Ratis does
        assertThat(failures).singleElement().isInstanceOf(DivergenceException.class);
        assertThat(folder.resolve("shard-0/damaged")).as("the next start fetches a peer's log").exists();
        assertThatThrownBy(this::openMachine).isInstanceOf(IOException.class).hasMessageContaining("no other replica gave an image");
    }

    /** Trap 14: Ratis only tells, once for each entry. */
    @Test
    void notifyLogFailed_asksForTheShardToBeClosed_once_andClosingTellsWhy() throws Exception {
        apply(1, START_MILLIS, append(1, "a", "x"));
        IOException full = new IOException("No space left on device");
        machine.notifyLogFailed(new IOException("log already failed", full), null);
        machine.notifyLogFailed(new IOException("log already failed"), null);
        assertThat(raftLogFailures).isEqualTo(1);
        assertThat(machine.isToBeClosed()).isTrue();
        assertThat(machine.getLatestSnapshot()).as("or Ratis would say that it has a snapshot of that").isNull();
        assertThatThrownBy(machine::takeSnapshot).isInstanceOf(IllegalStateException.class).hasRootCause(full);
        machine.close(); // as Ratis does
        assertThat(machine.isToBeClosed()).isFalse();
        assertThat(failures).containsExactly(full);
        assertThat(folder.resolve("shard-0/damaged")).as("a full disk is no damage").doesNotExist();
    }

    @Test
    void initialize_withoutTheImageThatTheMarkerPromises_fetchesAPeers() throws Exception {
        apply(1, START_MILLIS, append(1, "a", "x"));
        apply(2, START_MILLIS + HOUR_MILLIS, append(2, "a", "y"));
        assertThat(machine.takeSnapshot()).isEqualTo(1);
        stop();
        Files.delete(folder.resolve("shard-0/images/1-1/state"));
        assertThatThrownBy(this::openMachine).isInstanceOf(IOException.class).hasMessageContaining("no other replica gave an image");
    }

    @Test
    void initialize_withAnImageOfWhichAByteIsDamaged_fetchesAPeers() throws Exception {
        makeImageAndStop("a record that is long enough to be found");
        int changed = 0;
        try (Stream<Path> all = Files.walk(folder.resolve("shard-0/images"))) {
            for (Path each : all.filter(Files::isRegularFile).toList()) {
                String bytes = Files.readString(each, ISO_8859_1);
                if (bytes.contains("long enough")) {
                    Files.writeString(each, bytes.replace("long enough", "lung enough"), ISO_8859_1);
                    changed++;
                }
            }
        }
        assertThat(changed).isEqualTo(1);
        assertThatThrownBy(this::openMachine).isInstanceOf(IOException.class).hasMessageContaining("no other replica gave an image");
    }

    /** There is nothing better, and all but one record can be read. */
    @Test
    void initialize_ofALogOfOneReplica_goesOnWithWhatItHas() throws Exception {
        replicas = Map.of("n1", "127.0.0.1:7100");
        reopen();
        makeImageAndStop("x");
        Files.writeString(folder.resolve("shard-0/damaged"), "a record was damaged");
        openMachine();
        apply(2, START_MILLIS + HOUR_MILLIS, append(2, "a", "y"));
        assertThat(texts("a")).containsExactly("x", "y");
        assertThat(folder.resolve("shard-0/damaged")).exists();
    }

    /** All replicas may have been upgraded at the same time: then no peer has another image. */
    @Test
    void initialize_withAStateOfAnotherVersion_saysSo_andAsksNobody() throws Exception {
        makeImageAndStop("x");
        Path state = folder.resolve("shard-0/images/1-1/state");
        byte[] bytes = ShardStateTest.ofTheNextVersion(Files.readAllBytes(state));
        Files.write(state, bytes);
        assertThatThrownBy(this::openMachine).isInstanceOf(OtherVersionException.class).hasMessageContaining("written by another version")
                .hasMessageContaining("file=" + state).hasMessageContaining("start this replica with the version that wrote it");
        assertThat(state).hasBinaryContent(bytes);
        assertThat(folder.resolve("shard-0/damaged")).doesNotExist();
    }

    @Test
    void initialize_withALogOfALaterVersion_saysSo_andAsksNobody() throws Exception {
        makeImageAndStop("x");
        Path manifest = ManifestFile.path(folder.resolve("shard-0/images/1-1/wal"));
        Files.createDirectories(manifest.getParent());
        Files.write(manifest, Arrays.copyOf("STRMMAN9".getBytes(US_ASCII), 100));
        assertThatThrownBy(this::openMachine).isInstanceOf(UnsupportedFormatException.class).hasMessageContaining("manifest is of another version");
        assertThat(manifest).exists();
        assertThat(folder.resolve("shard-0/damaged")).doesNotExist();
    }

    @Test
    void openImage_isReadPieceByPiece_foldersToo() throws Exception {
        assertThatThrownBy(() -> ask(new Query.OpenImage())).isInstanceOf(ExecutionException.class).hasMessageContaining("no image yet");
        apply(1, START_MILLIS, append(1, "a", "x"));
        apply(2, START_MILLIS + HOUR_MILLIS, append(2, "a", "y"));
        DataInputStream opened = ask(new Query.OpenImage());
        long number = opened.readLong();
        assertThat(opened.readLong()).isEqualTo(1);
        int files = opened.readInt();
        List<String> names = new ArrayList<>();
        for (int i = 0; i < files; i++) {
            ImagePiece piece = ImagePiece.decode(ask(new Query.ReadImage(number, i, 0)));
            names.add(piece.name());
            assertThat(piece.bytes()).hasSize((int) piece.length());
        }
        assertThat(names).contains("state", "wal/", "wal/positions", "wal/segments/").isSorted();
        assertThatThrownBy(() -> ask(new Query.ReadImage(number, files, 0))).hasMessageContaining("no such piece");
        ask(new Query.ReleaseImage(number));
        assertThatThrownBy(() -> ask(new Query.ReadImage(number, 0, 0))).hasMessageContaining("no such piece");
        ask(new Query.OpenImage());
        ask(new Query.OpenImage());
        assertThatThrownBy(() -> ask(new Query.OpenImage())).hasMessageContaining("too many images");
    }

    /** What is refused isn't thrown: of a request whose start throws Ratis gives no answer when it comes again (trap 18). */
    private TransactionContext start(byte[] message) throws Exception {
        TransactionContext started = machine.startTransaction(RaftClientRequest.newBuilder().setClientId(ClientId.randomId()).setServerId(RaftPeerId.valueOf("n1"))
                .setGroupId(ONE.groupId(0)).setCallId(1).setMessage(Message.valueOf(ByteString.copyFrom(message)))
                .setType(RaftClientRequest.writeRequestType()).build());
        if (started.getException() != null) {
            throw started.getException();
        }
        return started;
    }

    @Test
    void startTransaction_ofWhatCantBeApplied_isRefused_beforeItIsInTheRaftLog() throws Exception {
        start(append(1, "a", "x").encode());
        assertThatThrownBy(() -> start(new byte[] {9, 1, 2})).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> start(append(1, "a").encode())).isInstanceOf(IOException.class).hasMessageContaining("no record");
        byte[] longer = Arrays.copyOf(append(1, "a", "x").encode(), 100);
        assertThatThrownBy(() -> start(longer)).isInstanceOf(IOException.class).hasMessageContaining("behind a command");
    }

    @Test
    void startTransaction_ofATick_putsTheLeadersDigestIntoIt() throws Exception {
        apply(1, START_MILLIS, append(1, "a", "x"));
        apply(2, START_MILLIS, Tick.UNSTAMPED);
        ByteString data = start(Tick.UNSTAMPED.encode()).getStateMachineLogEntry().getLogData();
        DataInputStream source = new DataInputStream(data.newInput());
        assertThat(source.readLong()).as("the leader's time").isPositive();
        Tick tick = (Tick) Command.decode(source);
        assertThat(tick.before()).isEqualTo(2);
        apply(3, START_MILLIS, tick);
    }

    /** What a leader would put into the Raft log now, and its time. */
    private long started(Command command) throws Exception {
        return new DataInputStream(start(command.encode()).getStateMachineLogEntry().getLogData().newInput()).readLong();
    }

    private void assertNotStarted() {
        for (Command each : List.of(append(2, "a", "y"), Tick.UNSTAMPED)) {
            assertThatThrownBy(() -> start(each.encode())).isInstanceOf(IOException.class)
                    .hasMessageContaining("too far ahead of the log's: clock=" + Instant.ofEpochMilli(leaderMillis))
                    .hasMessageContaining("replicatedClock=" + Instant.ofEpochMilli(START_MILLIS)).hasMessageContaining("maxClockAdvance=PT2400H");
        }
    }

    /** By what is in the Raft log all replicas delete, and their time never goes back. */
    @Test
    void startTransaction_byAClockThatIsFarAhead_isRefused_beforeItIsInTheRaftLog_alsoAfterAStart() throws Exception {
        leaderMillis = START_MILLIS + 400 * 24 * HOUR_MILLIS;
        assertThat(started(Tick.UNSTAMPED)).as("of a new log the first leader's").isEqualTo(leaderMillis);
        leaderMillis = START_MILLIS;
        apply(1, started(append(1, "a", "x")), append(1, "a", "x"));
        leaderMillis = START_MILLIS + 400 * 24 * HOUR_MILLIS;
        assertNotStarted();
        reopen();
        apply(1, START_MILLIS, append(1, "a", "x"));
        assertNotStarted();
        assertThat(texts("a")).containsExactly("x");
        steadyNanos += Duration.ofDays(299).toNanos();
        assertNotStarted();
        steadyNanos += Duration.ofDays(1).toNanos();
        assertThat(started(Tick.UNSTAMPED)).as("time has confirmed it").isEqualTo(leaderMillis);
    }

    @Test
    void startTransaction_byAClockThatIsFarAheadOfTheImage_isRefused_untilItIsVouchedFor() throws Exception {
        apply(1, START_MILLIS - HOUR_MILLIS, append(1, "a", "x"));
        apply(2, START_MILLIS, Tick.UNSTAMPED);
        assertThat(machine.takeSnapshot()).isEqualTo(1);
        leaderMillis = START_MILLIS + 101 * 24 * HOUR_MILLIS;
        reopen();
        assertNotStarted();
        machine.believeClock();
        assertThat(started(append(2, "a", "y"))).isEqualTo(leaderMillis);
    }

    /** Who decides is the leader; what is in the Raft log is applied by all alike. */
    @Test
    void applyTransaction_withATimeThatThisReplicaWouldntBelieve_isApplied() throws Exception {
        apply(1, START_MILLIS, append(1, "a", "x"));
        apply(2, START_MILLIS + 400 * 24 * HOUR_MILLIS, append(2, "b", "y"));
        assertThat(texts("a")).isEmpty();
        assertThat(texts("b")).containsExactly("y");
        leaderMillis = START_MILLIS + 401 * 24 * HOUR_MILLIS;
        assertThat(started(Tick.UNSTAMPED)).as("known to this replica by that").isEqualTo(leaderMillis);
    }

    @Test
    void query_ofAppendedRecord_isThere() throws Exception {
        assertThat(only(apply(1, START_MILLIS, append(1, "a", "x")))).isEqualTo(new Appended(0, List.of()));
        assertThat(texts("a")).containsExactly("x");
        assertThat(ask(new Query.End("a")).readLong()).isPositive();
    }
}
