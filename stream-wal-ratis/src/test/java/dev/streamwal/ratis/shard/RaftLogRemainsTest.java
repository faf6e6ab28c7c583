package dev.streamwal.ratis.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.format.SuppressForbidden;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.StateMachineLogEntryProto;
import org.apache.ratis.server.RaftServerConfigKeys.Log.CorruptionPolicy;
import org.apache.ratis.server.raftlog.segmented.LogSegment;
import org.apache.ratis.server.raftlog.segmented.LogSegmentPath;
import org.apache.ratis.server.raftlog.segmented.SegmentedRaftLogOutputStream;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.SizeInBytes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that Ratis has written, with what a killed process, a loss of power, or damage leaves of them: what Ratis reads of them then. */
class RaftLogRemainsTest {

    private static final int SECTOR_BYTES = 512;
    private static final int FILE_BYTES = 64 << 10;

    @TempDir
    private Path folder;

    private Path file;
    private final List<byte[]> contents = new ArrayList<>();
    /** Where each entry begins, and the last one ends. */
    private final List<Integer> begins = new ArrayList<>();
    /** Up to the length that Ratis had given it ahead. */
    private byte[] whole;

    @BeforeEach
    @SuppressForbidden("Ratis names its files as File")
    void write() throws IOException {
        file = folder.resolve("log_inprogress_7");
        Random random = new Random(1);
        for (int bytes : new int[] {10, 300, 3_000, 40, 5_000, 1_400, 20}) {
            byte[] content = new byte[bytes];
            random.nextBytes(content);
            contents.add(content);
        }
        begins.add(8);
        try (SegmentedRaftLogOutputStream out = new SegmentedRaftLogOutputStream(file.toFile(), false, FILE_BYTES, FILE_BYTES, ByteBuffer.allocate(FILE_BYTES))) {
            for (int i = 0; i < contents.size(); i++) {
                LogEntryProto entry = entry(i);
                out.write(entry);
                int length = entry.getSerializedSize();
                begins.add(begins.get(i) + (length < 128 ? 1 : 2) + length + Integer.BYTES);
            }
        }
        whole = Arrays.copyOf(Files.readAllBytes(file), FILE_BYTES);
        assertThat(end()).as("all that has been written").isEqualTo(Files.size(file));
    }

    private LogEntryProto entry(int number) {
        return LogEntryProto.newBuilder().setTerm(3).setIndex(7 + number)
                .setStateMachineLogEntry(StateMachineLogEntryProto.newBuilder().setLogData(ByteString.copyFrom(contents.get(number)))).build();
    }

    private int end() {
        return begins.get(contents.size());
    }

    /** How many entries Ratis reads; they are the first ones. */
    @SuppressForbidden("Ratis names its files as File")
    private int read() throws IOException {
        List<LogEntryProto> read = new ArrayList<>();
        int count = LogSegment.readSegmentFile(file.toFile(), LogSegmentPath.matchLogSegment(file).getStartEnd(), SizeInBytes.valueOf(FILE_BYTES),
                CorruptionPolicy.EXCEPTION, null, read::add);
        for (int i = 0; i < count; i++) {
            assertThat(read.get(i)).isEqualTo(entry(i));
        }
        return count;
    }

    private int wholeUpTo(int bytes) {
        return (int) begins.stream().skip(1).filter(end -> end <= bytes).count();
    }

    private byte[] zeroed(int from, int to) {
        byte[] bytes = whole.clone();
        Arrays.fill(bytes, from, Math.max(from, to), (byte) 0);
        return bytes;
    }

    private int mendAndRead(byte[] bytes) throws IOException {
        Files.write(file, bytes);
        RaftLogRemains.mendEnd(folder);
        return read();
    }

    @Test
    void mendEnd_whereAllWasWritten_leavesTheFile() throws IOException {
        assertThat(mendAndRead(whole)).isEqualTo(contents.size());
        assertThat(Files.readAllBytes(file)).isEqualTo(whole);
        assertThat(mendAndRead(Arrays.copyOf(whole, end()))).isEqualTo(contents.size());
    }

    @Test
    void mendEnd_whereAWriteEndedAtAnySector_leavesTheEntriesBefore() throws IOException {
        for (int at = SECTOR_BYTES; at < end(); at += SECTOR_BYTES) {
            assertThat(mendAndRead(zeroed(at, FILE_BYTES))).as("up to " + at).isEqualTo(wholeUpTo(at));
            assertThat(mendAndRead(Arrays.copyOf(whole, at))).as("the file up to " + at).isEqualTo(wholeUpTo(at));
        }
    }

    @Test
    void mendEnd_whereOneSectorWasNotWritten_leavesTheEntriesBefore() throws IOException {
        for (int at = SECTOR_BYTES; at < end(); at += SECTOR_BYTES) {
            assertThat(mendAndRead(zeroed(at, at + SECTOR_BYTES))).as("without " + at).isEqualTo(wholeUpTo(at));
        }
    }

    @Test
    void mendEnd_ofAnEntryThatIsDamaged_leavesItForRatisToRefuse() throws IOException {
        for (int i = 0; i < contents.size(); i++) {
            byte[] bytes = whole.clone();
            bytes[begins.get(i + 1) - 10] ^= 0x55;
            assertThatThrownBy(() -> mendAndRead(bytes)).as("entry " + i).hasMessageContaining("Log entry corrupted");
            assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
        }
    }

    @Test
    void mendEnd_ofALengthThatIsDamaged_leavesItForRatisToRefuse() throws IOException {
        byte[] bytes = whole.clone();
        Arrays.fill(bytes, begins.get(3), begins.get(3) + 5, (byte) 0xFF);
        assertThatThrownBy(() -> mendAndRead(bytes)).isInstanceOf(IOException.class);
        assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
    }

    @Test
    void mendEnd_ofAFileThatIsFull_leavesIt() throws IOException {
        Path full = folder.resolve("log_0-6");
        byte[] bytes = zeroed(SECTOR_BYTES, FILE_BYTES);
        Files.write(full, bytes);
        RaftLogRemains.mendEnd(folder);
        assertThat(Files.readAllBytes(full)).isEqualTo(bytes);
    }

    @Test
    void mendEnd_ofAFileWithoutEntries_leavesIt() throws IOException {
        for (int bytes : new int[] {0, 3, 8, FILE_BYTES}) {
            Files.write(file, zeroed(Math.min(bytes, 8), FILE_BYTES));
            RaftLogRemains.mendEnd(folder);
            assertThat(file).hasSize(FILE_BYTES);
            Files.write(file, Arrays.copyOf(whole, Math.min(bytes, 8)));
            RaftLogRemains.mendEnd(folder);
            assertThat(file).hasSize(Math.min(bytes, 8));
        }
    }

    /** The entries have the indexes 7 to 13. */
    @Test
    void deleteIfBefore_ofALogThatEndsBeforeTheMarker_deletesIt_andNoOther() throws IOException {
        Path full = folder.resolve("log_0-6");
        Files.write(full, whole);
        for (long marker : new long[] {-1, 5, 6, 7, 13}) {
            RaftLogRemains.deleteIfBefore(marker, folder);
            assertThat(full).exists();
            assertThat(file).exists();
        }
        Files.write(folder.resolve("raft-meta"), whole);
        RaftLogRemains.deleteIfBefore(14, folder);
        assertThat(folder).isDirectoryNotContaining("glob:**log_*");
        assertThat(folder.resolve("raft-meta")).exists();
    }

    @Test
    void deleteIfBefore_ofADamagedLog_leavesItForRatisToRefuse() throws IOException {
        byte[] bytes = whole.clone();
        bytes[begins.get(3) - 10] ^= 0x55;
        Files.write(file, bytes);
        RaftLogRemains.deleteIfBefore(100, folder);
        assertThatThrownBy(this::read).hasMessageContaining("Log entry corrupted");
    }

    @Test
    void deleteIfBefore_ofFilesThatAreFull_asksTheirNames() throws IOException {
        Files.delete(file);
        Path full = folder.resolve("log_0-6");
        Files.write(full, whole);
        RaftLogRemains.deleteIfBefore(6, folder);
        assertThat(full).exists();
        RaftLogRemains.deleteIfBefore(7, folder);
        assertThat(full).doesNotExist();
    }

    @Test
    void mendEnd_whereThereIsNoRaftLogYet_doesNothing() throws IOException {
        RaftLogRemains.mendEnd(folder.resolve("none"));
        RaftLogRemains.deleteIfBefore(1, folder.resolve("none"));
        assertThat(folder.resolve("none")).doesNotExist();
    }
}
