package dev.streamwal.ratis.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.SuppressForbidden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.StateMachineLogEntryProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.RaftServerConfigKeys.Log.CorruptionPolicy;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.raftlog.segmented.SegmentedRaftLog;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.SizeInBytes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A Raft log of Ratis', of several files, that is truncated as its entries differ from the leader's: Ratis deletes files, shortens one, and renames it, and is
 * killed between two of these steps.
 */
class TruncatedRaftLogTest {

    private static final int ENTRIES = 60;
    private static final int OLD_TERM = 1;
    private static final int NEW_TERM = 2;
    /** The first entry that differs: one within a file, of which there are more behind it. */
    private static final int FIRST_NEW = 20;

    @TempDir
    private Path folder;

    private interface Use {
        void of(RaftLog log) throws Exception;
    }

    @SuppressForbidden("Ratis takes its folder as a File")
    private void open(Use use) throws Exception {
        RaftProperties properties = new RaftProperties();
        RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf(1_000));
        RaftServerConfigKeys.Log.setPreallocatedSize(properties, SizeInBytes.valueOf(1_000));
        RaftServerConfigKeys.Log.setPurgeGap(properties, 1);
        RaftLogRemains.mendEnd(files());
        try (RaftStorage storage = RaftStorage.newBuilder().setDirectory(folder.toFile()).setOption(RaftStorage.StartupOption.RECOVER)
                .setStorageFreeSpaceMin(SizeInBytes.valueOf(0)).setLogCorruptionPolicy(CorruptionPolicy.EXCEPTION).build()) {
            storage.initialize();
            try (RaftLog log = SegmentedRaftLog.newBuilder().setMemberId(RaftGroupMemberId.valueOf(RaftPeerId.valueOf("n"), RaftGroupId.emptyGroupId()))
                    .setStateMachine(new BaseStateMachine()).setNotifyTruncatedLogEntry(entry -> {}).setGetTransactionContext((entry, create) -> null)
                    .setSubmitUpdateCommitEvent(() -> {}).setStorage(storage).setProperties(properties).build()) {
                log.open(RaftLog.INVALID_LOG_INDEX, null);
                use.of(log);
            }
        }
    }

    private Path files() {
        return folder.resolve("current");
    }

    private List<String> names() throws IOException {
        try (Stream<Path> all = Files.list(files())) {
            return all.map(each -> each.getFileName().toString()).filter(each -> each.startsWith("log_")).sorted().toList();
        }
    }

    private static List<CompletableFuture<Long>> send(RaftLog log, long from, int term) {
        List<LogEntryProto> entries = new ArrayList<>();
        for (long index = from; index < ENTRIES; index++) {
            entries.add(LogEntryProto.newBuilder().setTerm(term).setIndex(index).setStateMachineLogEntry(
                    StateMachineLogEntryProto.newBuilder().setLogData(ByteString.copyFrom(new byte[100]))).build());
        }
        return log.append(entries);
    }

    private static void append(RaftLog log, long from, int term) {
        send(log, from, term).forEach(CompletableFuture::join);
    }

    private static List<Long> terms(RaftLog log) throws Exception {
        List<Long> terms = new ArrayList<>();
        for (long index = log.getStartIndex(); index < log.getNextIndex(); index++) {
            terms.add(log.get(index).getTerm());
        }
        return terms;
    }

    private static List<Long> terms(long from) {
        return LongStream.range(from, ENTRIES).mapToObj(index -> index < FIRST_NEW ? (long) OLD_TERM : NEW_TERM).toList();
    }

    @BeforeEach
    void write() throws Exception {
        open(log -> append(log, 0, OLD_TERM));
        assertThat(names()).containsExactly("log_0-7", "log_16-23", "log_24-31", "log_32-39", "log_40-47", "log_48-55", "log_8-15", "log_inprogress_56");
    }

    /** Ratis can't delete one of the files, and stops there. */
    @Test
    void start_whereSomeFilesAreDeleted_findsNoGap_andGoesOn() throws Exception {
        Path aside = folder.resolve("aside");
        Path kept = files().resolve("log_32-39");
        List<String> before = names();
        open(log -> {
            Files.move(kept, aside);
            Files.createDirectories(kept.resolve("entry"));
            var unused = send(log, FIRST_NEW, NEW_TERM);
            while (Files.exists(files().resolve("log_40-47"))) {
                Thread.sleep(1);
            }
        });
        Files.delete(kept.resolve("entry"));
        Files.delete(kept);
        Files.move(aside, kept);
        for (String each : names()) { // a process that is killed goes on with nothing; Ratis goes on with one file and another, until it is closed
            if (!before.contains(each)) {
                Files.delete(files().resolve(each));
            }
        }
        assertThat(names()).containsExactly("log_0-7", "log_16-23", "log_24-31", "log_32-39", "log_8-15");
        goOn();
    }

    @Test
    void start_whereAFileIsShortened_andHasItsOldName_goesOn() throws Exception {
        open(log -> append(log, FIRST_NEW, NEW_TERM));
        for (String each : names()) {
            if (!List.of("log_0-7", "log_8-15", "log_16-19").contains(each)) {
                Files.delete(files().resolve(each));
            }
        }
        Files.move(files().resolve("log_16-19"), files().resolve("log_16-23"));
        goOn();
    }

    /** What the leader sends is appended, everything is read, what is old is purged, and all that again behind a start. */
    private void goOn() throws Exception {
        open(log -> append(log, FIRST_NEW, NEW_TERM));
        open(log -> {
            assertThat(terms(log)).isEqualTo(terms(0));
            var unused = log.purge(35);
            unused = log.purge(47);
            while (log.getStartIndex() < 44 || Files.exists(files().resolve("log_36-43"))) {
                Thread.sleep(1);
            }
        });
        open(log -> assertThat(terms(log)).isEqualTo(terms(log.getStartIndex())));
    }
}
