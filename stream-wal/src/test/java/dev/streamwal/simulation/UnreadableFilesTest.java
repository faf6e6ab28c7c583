package dev.streamwal.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.Durability;
import dev.streamwal.MasterKeysForTests;
import dev.streamwal.RecoveryPolicy;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.catalog.StreamDirectory;
import dev.streamwal.commit.JournalSizes;
import dev.streamwal.encryption.KeysFile;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.format.PositionsLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.LogFile;
import dev.streamwal.journal.FrontierFile;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A file of the whole log that the disk can't read, or that the system refuses: where the log has the same twice, nobody notices. */
@Tag("portable")
class UnreadableFilesTest {

    private static final String KEY = "s";
    private static final String OTHER = "other";

    /** What is there twice. */
    private enum Twin {
        MANIFEST, MANIFEST_COPY, KEYS, KEYS_COPY, FIRST_SLOT, SECOND_SLOT;

        boolean isSlot() {
            return this == FIRST_SLOT || this == SECOND_SLOT;
        }

        Path file(Path root) {
            return switch (this) {
                case MANIFEST -> ManifestFile.path(root);
                case MANIFEST_COPY -> ManifestFile.copy(root);
                case KEYS -> KeysFile.path(root);
                case KEYS_COPY -> KeysFile.copy(root);
                case FIRST_SLOT, SECOND_SLOT -> root.resolve(PositionsLayout.FILE_NAME);
            };
        }

        Twin other() {
            return values()[ordinal() ^ 1];
        }
    }

    private SimulatedDisk disk = new SimulatedDisk();
    private Instant now = Instant.parse("2026-03-01T12:00:00Z");
    private final List<String> appended = new ArrayList<>();
    private long end;
    private final List<StreamWal> opened = new ArrayList<>();
    private final List<SimulatedDisk> disks = new ArrayList<>();

    @AfterEach
    void close() {
        disks.forEach(each -> each.failing(FaultPlan.NONE));
        opened.forEach(StreamWal::close);
    }

    private Path root() {
        return disk.path("/log");
    }

    private StreamWal open() {
        return open(RecoveryPolicy.STOP_AT_FIRST_ERROR);
    }

    private StreamWal open(RecoveryPolicy policy) {
        return open(policy, "boot");
    }

    private StreamWal open(RecoveryPolicy policy, String bootId) {
        WalOptions options = WalOptions.builder().clock(() -> now).segmentBytes(16 << 10).maxRecordBytes(8 << 10).ownSegments(0)
                .sweepInterval(Duration.ZERO).recoveryPolicy(policy).encryption(MasterKeysForTests.ring("master")).build();
        StreamWal wal = SimulatedLog.open(root(), options, bootId, false, new Random(disk.operations())::nextLong,
                new JournalSizes(2_048, 2_048, 16_384, 512, 256));
        opened.add(wal);
        disks.add(disk);
        return wal;
    }

    private void append(StreamWal wal) {
        String content = "record " + appended.size();
        EntryRef ref = wal.stream(KEY).append(WriteEntry.of(content.getBytes(UTF_8)), Durability.IMMEDIATE);
        assertThat(ref.position()).as("not given before").isGreaterThanOrEqualTo(end);
        end = ref.end();
        appended.add(content);
    }

    private void assertReads(StreamWal wal) {
        try (WalReader ofWriter = wal.reader();
                WalReader alone = WalReader.open(root(), ReaderOptions.builder().keys(MasterKeysForTests.ring("master")).build())) {
            assertThat(read(ofWriter)).isEqualTo(appended);
            assertThat(read(alone)).isEqualTo(appended);
        }
    }

    private static List<String> read(WalReader reader) {
        List<String> found = new ArrayList<>();
        try (EntryCursor cursor = reader.scan(KEY)) {
            while (cursor.next()) {
                found.add(cursor.content().toString(UTF_8));
            }
        }
        return found;
    }

    /** Some records in a pack, one in a segment, one in the journal alone; nothing is being written. */
    private void write() {
        try (StreamWal wal = open()) {
            append(wal);
            append(wal);
            now = now.plus(Duration.ofDays(2));
            assertThat(wal.pack()).isPositive();
            append(wal);
        }
        StreamWal wal = open();
        append(wal);
        kill();
    }

    /** As a kill leaves it now. */
    private void kill() {
        CrashPoint point = disk.crashPoint(disk.mark());
        disk = point.state(point.allKept());
    }

    private void spoil(Twin twin) throws IOException {
        Path file = twin.file(root());
        long from = twin == Twin.SECOND_SLOT ? PositionsLayout.SLOT_BYTES : 0;
        long to = twin == Twin.FIRST_SLOT ? 1 : Files.size(file);
        disk.bad(file, from, to);
    }

    private void refuse(String pattern, FaultPlan.Failure failure) {
        disk.failing(new FaultPlan(0, EnumSet.of(Call.OPEN), pattern, 1, Integer.MAX_VALUE, failure));
    }

    private void assertGoesOn() {
        for (int opening = 0; opening < 2; opening++) {
            StreamWal wal = open();
            assertReads(wal);
            append(wal);
            assertReads(wal);
            if (opening == 0) {
                wal.close();
            } else {
                kill();
            }
        }
        StreamWal wal = open();
        assertReads(wal);
    }

    @ParameterizedTest
    @EnumSource
    void open_oneOfTwoHasABadSector_goesOn(Twin twin) throws IOException {
        write();
        spoil(twin);
        assertGoesOn();
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.MATCH_NONE, names = ".*SLOT")
    void open_oneOfTwoIsRefused_goesOn(Twin twin) {
        write();
        refuse(twin.file(root()) + "$", FaultPlan.Failure.IO_ERROR);
        StreamWal wal = open();
        append(wal);
        assertReads(wal);
        disk.failing(FaultPlan.NONE);
        kill();
        assertGoesOn();
    }

    /** It concerns the machine, not the file: nothing is decided from what is left. */
    @ParameterizedTest
    @EnumSource(names = {"MANIFEST", "KEYS"})
    void open_theMachineRefuses_fails(Twin twin) {
        write();
        refuse(twin.file(root()) + "$", FaultPlan.Failure.DISK_FULL);
        assertThatThrownBy(() -> append(open())).isInstanceOf(WalIOException.class);
        disk.failing(FaultPlan.NONE);
        kill();
        assertGoesOn();
    }

    @ParameterizedTest
    @EnumSource(names = {"MANIFEST", "KEYS", "FIRST_SLOT"})
    void open_bothHaveBadSectors_failsAndNothingIsLost(Twin twin) throws IOException {
        write();
        spoil(twin);
        if (twin.isSlot()) {
            disk.bad(twin.file(root()), 0, PositionsLayout.FILE_BYTES);
        } else {
            spoil(twin.other());
        }
        assertThatThrownBy(() -> append(open())).isInstanceOf(WalIOException.class)
                .hasMessageContaining(twin.file(root()) + ": Input/output error");
        for (Twin each : List.of(twin, twin.other())) {
            disk.repaired(each.file(root()));
        }
        kill();
        assertGoesOn();
    }

    /**
     * Own segments lack what wasn't durable. What they lack may be in shared segments, so who can't read those must not take the gap for settled: what
     * follows it would become durable, and the next opening would refuse the stream.
     */
    @Test
    void open_sharedSegmentsAreRefused_ofAStreamWithAGapNothingIsDecided() throws IOException {
        StreamWal wal = open();
        boolean unused = wal.stream(OTHER).append(WriteEntry.of(new byte[10])) != null;
        List<byte[]> large = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            large.add(new byte[7_000]);
            unused |= wal.stream(KEY).append(WriteEntry.of(large.get(i))) != null;
            now = now.plus(Duration.ofDays(1));
        }
        kill();
        StreamDirectory streams = new StreamDirectory(root(), new ChannelCache(1));
        Path own = streams.of(StreamKey.of(KEY));
        List<Path> segments = segments(own);
        assertThat(segments).hasSizeGreaterThan(2);
        Files.delete(segments.get(1));

        disk.failing(FaultPlan.nthOf(Call.OPEN, streams.of(StreamKey.SHARED) + "/.*", 1, FaultPlan.Failure.IO_ERROR));
        assertThatThrownBy(() -> appendAfterRestart(RecoveryPolicy.STOP_AT_FIRST_ERROR)).isInstanceOf(WalIOException.class)
                .hasMessageContaining("shared segments couldn't be read");
        disk.failing(FaultPlan.NONE);
        kill();
        assertThat(appendAfterRestart(RecoveryPolicy.STOP_AT_FIRST_ERROR)).isEqualTo(2);
        kill();
        assertThat(appendAfterRestart(RecoveryPolicy.STOP_AT_FIRST_ERROR)).isEqualTo(3);
    }

    /** @return how many records the stream has then */
    private int appendAfterRestart(RecoveryPolicy policy) {
        StreamWal wal = open(policy, "boot " + disks.size());
        boolean unused = wal.stream(KEY).append(WriteEntry.of(new byte[7_000]), Durability.IMMEDIATE) != null;
        return SimulatedLog.lengths(wal, KEY).size();
    }

    private static List<Path> segments(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }

    /** Where it starts anew, positions would be given again. */
    @Test
    void open_noStreamIsLeftAndNoSlotCanBeRead_fails() {
        write();
        try (StreamWal wal = open()) {
            wal.delete(KEY);
            wal.sweep(now.plus(Duration.ofDays(400)));
        }
        Path positions = Twin.FIRST_SLOT.file(root());
        disk.bad(positions, 0, PositionsLayout.FILE_BYTES);
        assertThatThrownBy(this::open).isInstanceOf(WalException.class);
        disk.repaired(positions);
        appended.clear();
        assertGoesOn();
    }

    /** The system reads a page before it writes a part of it. */
    @Test
    void open_writesWholePagesOfPositions() {
        open().close();
        assertThat(disk.history().stream().filter(line -> line.contains("WRITE /log/positions")).toList()).isNotEmpty()
                .allMatch(line -> line.endsWith(" 0+4096") || line.endsWith(" 4096+4096"));
    }

    /** What only the newer one has was not acknowledged. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void open_theNewerListCantBeRead_theOlderOneLacksNothing(int changes) throws IOException {
        write();
        StreamWal wal = open();
        for (int change = 0; change < changes; change++) {
            append(wal);
            now = now.plus(Duration.ofDays(2));
            // the first is of the file, appended to or anew
            disk.failing(new FaultPlan(0, EnumSet.of(Call.WRITE), "manifest", 2, Integer.MAX_VALUE, FaultPlan.Failure.IO_ERROR));
            int unused = wal.pack();
            assertThat(disk.failures()).hasSizeGreaterThan(change);
        }
        disk.failing(FaultPlan.NONE);
        kill();
        assertThat(LogFile.readSmall(ManifestFile.path(root()), 1 << 20)).isNotEqualTo(LogFile.readSmall(ManifestFile.copy(root()), 1 << 20));
        spoil(Twin.MANIFEST);
        assertGoesOn();
    }

    /** Damage, of which the policy decides; what segments have is there. */
    @Test
    void open_theFrontierCantBeRead_isDamageOfTheJournal() throws IOException {
        write();
        Path frontier = FrontierFile.path(root());
        disk.bad(frontier, 0, Files.size(frontier));
        assertThatThrownBy(this::open).isInstanceOf(CorruptSegmentException.class).hasMessageContaining("frontier is damaged")
                .hasMessageContaining("file=" + frontier);
        disk.repaired(frontier);
        kill();
        assertReads(open());
    }

    @Test
    void open_theFrontierCantBeReadAndDamageIsSkipped_goesOn() throws IOException {
        write();
        Path frontier = FrontierFile.path(root());
        disk.bad(frontier, 0, Files.size(frontier));
        StreamWal wal = open(RecoveryPolicy.SKIP_BAD_RECORDS);
        assertReads(wal);
        append(wal);
        wal.close();
        assertGoesOn();
    }
}
