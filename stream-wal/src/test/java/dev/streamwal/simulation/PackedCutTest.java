package dev.streamwal.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.streamwal.Compression;
import dev.streamwal.Durability;
import dev.streamwal.SimulatedLog;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.commit.JournalSizes;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.DiskFullException;
import dev.streamwal.error.WalException;
import dev.streamwal.error.WalIOException;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.objectstore.ObjectStore;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.Keys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A cut in a pack that is written down, and can't be carried out by the openings that follow, as the disk is full or the pack is damaged: the log opens, its
 * other streams go on, and the cut is done once that is possible.
 */
@Tag("portable")
class PackedCutTest {

    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final String KEY = "s";
    private static final int RECORDS = 10;
    private static final int KEPT = 4;
    /** So many records of another stream fill the journal more than once. */
    private static final int OTHERS = 200;

    private static final FaultPlan NO_ROOM_FOR_PACKS = new FaultPlan(0, EnumSet.of(Call.CREATE), "\\.pack", 1, Integer.MAX_VALUE,
            FaultPlan.Failure.DISK_FULL);

    private final List<StreamWal> opened = new ArrayList<>();
    private Instant now = NOW;
    /** Position behind all that was appended before the cut. */
    private long end;

    @AfterEach
    void close() {
        opened.forEach(StreamWal::close);
    }

    private StreamWal open(SimulatedDisk disk) {
        return open(disk, options());
    }

    private WalOptions.Builder options() {
        return WalOptions.builder().clock(() -> now).segmentBytes(16 << 10).maxRecordBytes(8 << 10).ownSegments(0).sweepInterval(Duration.ZERO);
    }

    private StreamWal open(SimulatedDisk disk, WalOptions.Builder options) {
        StreamWal wal = SimulatedLog.open(disk.path("/log"), options.build(), "boot", false, new Random(disk.operations())::nextLong,
                new JournalSizes(2_048, 2_048, 16_384, 512, 256));
        opened.add(wal);
        return wal;
    }

    private static EntryRef append(StreamWal wal, String key, int bytes) {
        return wal.stream(key).append(WriteEntry.of(new byte[bytes]), Durability.IMMEDIATE);
    }

    private static List<Integer> kept(int... more) {
        List<Integer> lengths = new ArrayList<>();
        for (int i = 1; i <= KEPT; i++) {
            lengths.add(i);
        }
        for (int length : more) {
            lengths.add(length);
        }
        return lengths;
    }

    /** As a kill would leave it now. */
    private static SimulatedDisk killed(SimulatedDisk disk) {
        CrashPoint point = disk.crashPoint(disk.mark());
        return point.state(point.allKept());
    }

    /** A log that was killed when a cut in its pack was written down, and not carried out. */
    private SimulatedDisk withACut() {
        SimulatedDisk disk = new SimulatedDisk();
        StreamWal unusedWal = openWithACut(disk);
        SimulatedDisk left = killed(disk);
        disk.failing(FaultPlan.NONE);
        return left;
    }

    /** A log whose disk has no room for packs, so that a cut in one was written down, and not carried out. */
    private StreamWal openWithACut(SimulatedDisk disk) {
        StreamWal wal = open(disk);
        List<EntryRef> refs = new ArrayList<>();
        for (int i = 1; i <= RECORDS; i++) {
            refs.add(append(wal, KEY, i));
        }
        end = refs.get(RECORDS - 1).end();
        now = now.plus(Duration.ofDays(2));
        assertThat(wal.pack()).isPositive();
        disk.failing(NO_ROOM_FOR_PACKS);
        assertThatThrownBy(() -> wal.stream(KEY).truncateAfter(refs.get(KEPT - 1))).isInstanceOf(DiskFullException.class);
        return wal;
    }

    /** Others go on, and fill the journal several times; this one doesn't. */
    private static void assertOthersGoOn(StreamWal wal, Class<? extends WalException> why) {
        for (int i = 0; i < OTHERS; i++) {
            append(wal, "other", 60);
            assertThatThrownBy(() -> append(wal, KEY, 99)).isInstanceOf(why);
            if (i % 5 == 0) {
                wal.pack();
                wal.sweep();
            }
        }
        assertThat(SimulatedLog.lengths(wal, KEY)).as("nothing of it is lost").hasSize(RECORDS);
    }

    private void assertIsCut(StreamWal wal, int... more) {
        assertThat(SimulatedLog.lengths(wal, KEY)).isEqualTo(kept(more));
        assertThat(append(wal, KEY, 77).position()).as("not given again").isGreaterThanOrEqualTo(end);
    }

    enum Again { APPEND, SWEEP, REOPEN }

    @ParameterizedTest
    @EnumSource(Again.class)
    void truncateAfter_inAPackAndTheDiskIsFull_othersGoOnAndTheCutIsDoneWhenThereIsRoom(Again again) {
        SimulatedDisk disk = new SimulatedDisk();
        StreamWal wal = openWithACut(disk);
        assertOthersGoOn(wal, DiskFullException.class);
        disk.failing(FaultPlan.NONE);
        if (again == Again.REOPEN) {
            wal.close();
            wal = open(disk);
        } else if (again == Again.SWEEP) {
            wal.sweep();
        } else {
            assertThat(append(wal, KEY, 55).position()).isGreaterThanOrEqualTo(end);
        }
        assertIsCut(wal, again == Again.APPEND ? new int[] {55} : new int[0]);
    }

    @Test
    void truncateAfter_whatWasNotCutIsDeleted_keepsNoJournalFile() {
        SimulatedDisk disk = new SimulatedDisk();
        StreamWal wal = openWithACut(disk);
        wal.delete(KEY);
        wal.sweep();
        for (int i = 0; i < OTHERS; i++) {
            append(wal, "other", 60);
        }
        assertThat(SimulatedLog.lengths(wal, KEY)).isEmpty();
        assertThat(append(wal, KEY, 77).position()).isGreaterThanOrEqualTo(end);
        disk.failing(FaultPlan.NONE);
    }

    /** The stream had a segment of its own before it shared; that goes, and the cut in the pack is still to be done. */
    @Test
    void purge_ofTheLastSegmentOfTheStreamsOwn_leavesTheCutToBeDone() {
        SimulatedDisk disk = new SimulatedDisk();
        StreamWal before = open(disk, options().ownSegments(1));
        append(before, KEY, 99);
        before.close();
        Instant first = now;
        now = now.plus(Duration.ofDays(20));
        StreamWal wal = openWithACut(disk);
        assertThat(wal.purge(Keys.key(KEY), first.plus(Duration.ofDays(10))).deletedSegments()).isEqualTo(1);
        disk.failing(FaultPlan.NONE);
        wal.sweep();
        assertIsCut(wal);
    }

    @Test
    void sweep_aPackWithACutThatIsLeftHasExpired_deletesItAlsoOnAFullDisk() {
        SimulatedDisk disk = new SimulatedDisk();
        StreamWal wal = openWithACut(disk);
        now = now.plus(Duration.ofDays(1_000));
        assertThat(wal.sweep(now).deletedSegments()).isPositive();
        assertThat(SimulatedLog.lengths(wal, KEY)).isEmpty();
        assertThat(append(wal, KEY, 77).position()).isGreaterThanOrEqualTo(end);
        disk.failing(FaultPlan.NONE);
    }

    /** The cut needs its pack here until it is done, and no longer. */
    @ParameterizedTest
    @EnumSource(value = Again.class, names = "REOPEN", mode = EnumSource.Mode.EXCLUDE)
    void truncateAfter_failsAgainAndAgainInATier_thePackGoesBackWhenTheCutIsDone(Again again) throws IOException {
        SimulatedDisk disk = new SimulatedDisk();
        StreamWal wal = open(disk, options().tier(new ObjectStore().folder()).tierAfter(Duration.ofDays(1)));
        List<EntryRef> refs = new ArrayList<>();
        for (int i = 1; i <= RECORDS; i++) {
            refs.add(append(wal, KEY, i));
        }
        EntryRef unused = append(wal, "other", 60);
        end = refs.get(RECORDS - 1).end();
        now = now.plus(Duration.ofDays(2));
        assertThat(wal.pack()).isPositive();
        now = now.plus(Duration.ofDays(2));
        assertThat(wal.moveToTier()).isEqualTo(1);
        ListedPack pack = manifest(disk).packsInOrder().get(0);
        // those that are fetched have another name
        disk.failing(new FaultPlan(0, EnumSet.of(Call.CREATE), "[^0-9a-f-][0-9a-f]{16}\\.pack", 1, Integer.MAX_VALUE, FaultPlan.Failure.DISK_FULL));
        for (int attempt = 0; attempt < 5; attempt++) {
            assertThatThrownBy(() -> wal.stream(KEY).truncateAfter(refs.get(KEPT - 1))).isInstanceOf(DiskFullException.class);
        }
        assertThat(wal.moveToTier()).isZero();
        assertThat(manifest(disk).isInTier(pack)).as("needed here").isFalse();
        disk.failing(FaultPlan.NONE);
        if (again == Again.SWEEP) {
            wal.sweep();
        } else {
            wal.stream(KEY).truncateAfter(refs.get(KEPT - 1));
        }
        assertIsCut(wal);
        assertThat(wal.moveToTier()).isPositive();
        assertThat(manifest(disk).isInTier(pack)).isTrue();
    }

    /** What the cut needs is in another pack by then, and stays here as well. */
    @ParameterizedTest
    @EnumSource(Anew.class)
    void truncateAfter_failsAndThePackIsWrittenAnew_theOtherPackStaysUntilTheCutIsDone(Anew anew) throws IOException {
        SimulatedDisk disk = new SimulatedDisk();
        StreamWal wal = open(disk, options().tier(new ObjectStore().folder()).tierAfter(Duration.ofDays(1))
                .compression(anew == Anew.RECLAIMED ? Compression.NONE : Compression.COLUMNS));
        List<EntryRef> refs = new ArrayList<>();
        for (int i = 1; i <= RECORDS; i++) {
            refs.add(append(wal, KEY, i));
        }
        end = refs.get(RECORDS - 1).end();
        EntryRef unused = append(wal, "other", 900);
        now = now.plus(Duration.ofHours(2));
        assertThat(wal.pack()).isPositive();
        ListedPack pack = manifest(disk).packsInOrder().get(0);
        disk.failing(NO_ROOM_FOR_PACKS);
        assertThatThrownBy(() -> wal.stream(KEY).truncateAfter(refs.get(KEPT - 1))).isInstanceOf(DiskFullException.class);
        disk.failing(FaultPlan.NONE);
        if (anew == Anew.RECLAIMED) {
            assertThat(wal.delete("other")).isTrue();
        } else if (anew == Anew.MERGED) {
            unused = wal.stream("late").append(WriteEntry.of(new byte[9], NOW));
        }
        now = now.plus(Duration.ofDays(4));
        assertThat(wal.pack()).isNotNegative();
        assertThat(manifest(disk).pack(pack.number()).isPresent()).isEqualTo(anew == Anew.NO);
        assertThat(wal.moveToTier()).isZero();
        wal.sweep();
        assertIsCut(wal);
        assertThat(wal.moveToTier()).isPositive();
    }

    enum Anew { NO, RECLAIMED, MERGED }

    /** The copy was begun before the cut is completed by an append, and would count after it. */
    @Test
    void append_completesACutWhileThePackIsWrittenAnew_whatIsCutDoesNotComeBack() throws Exception {
        SimulatedDisk disk = new SimulatedDisk();
        StreamWal wal = open(disk, options().segmentBytes(4 << 20).compression(Compression.NONE));
        List<EntryRef> refs = new ArrayList<>();
        for (int i = 1; i <= RECORDS; i++) {
            refs.add(append(wal, KEY, i));
        }
        end = refs.get(RECORDS - 1).end();
        // behind it in the pack, so that the copy has come past the stream of the cut while this is read
        for (int i = 0; i < OTHERS; i++) {
            EntryRef unused = wal.stream("z").append(WriteEntry.of(new byte[6 << 10]));
        }
        now = now.plus(Duration.ofDays(2));
        assertThat(wal.pack()).isPositive();
        disk.failing(NO_ROOM_FOR_PACKS);
        assertThatThrownBy(() -> wal.stream(KEY).truncateAfter(refs.get(KEPT - 1))).isInstanceOf(DiskFullException.class);
        disk.failing(FaultPlan.NONE);
        disk.readsTake(Duration.ofMillis(20).toNanos());
        Thread erasing = new Thread(() -> {
            // it throws if the journal still keeps the cut when the packs are written
            Throwable unused = catchThrowable(() -> wal.erase(Keys.key("z"), Instant.MIN, Instant.MAX));
        }, "erases");
        erasing.start();
        while (erasing.isAlive() && Arrays.stream(erasing.getStackTrace()).noneMatch(frame -> frame.getMethodName().equals("count"))) {
            Thread.onSpinWait();
        }
        assertThat(erasing.isAlive()).as("it reads the pack").isTrue();
        Throwable refused = catchThrowable(() -> append(wal, KEY, 55));
        erasing.join();
        disk.readsTake(0);
        if (refused != null) {
            assertThat(refused).isInstanceOf(WalIOException.class).hasMessageContaining("being packed").hasMessageContaining("try again");
            EntryRef unused = append(wal, KEY, 55);
        }
        assertIsCut(wal, 55);
    }

    enum Next { APPEND, PACK, REOPEN }

    @ParameterizedTest
    @EnumSource(Next.class)
    void open_aCutInAPackAndTheDiskIsFull_opensAndTheCutIsDoneWhenThereIsRoom(Next next) {
        SimulatedDisk disk = withACut();
        StreamWal wal = null;
        for (int opening = 1; opening <= 3; opening++) {
            disk.failing(NO_ROOM_FOR_PACKS);
            wal = open(disk);
            assertOthersGoOn(wal, DiskFullException.class);
            if (opening == 2) {
                wal.close();
            } else if (opening == 1) {
                SimulatedDisk before = disk;
                disk = killed(disk);
                before.failing(FaultPlan.NONE);
            }
        }
        disk.failing(FaultPlan.NONE);
        if (next == Next.REOPEN) {
            wal.close();
            wal = open(disk);
        } else if (next == Next.PACK) {
            wal.pack();
        } else {
            assertThat(append(wal, KEY, 55).position()).isGreaterThanOrEqualTo(end);
        }
        int[] more = next == Next.APPEND ? new int[] {55} : new int[0];
        assertIsCut(wal, more);
        wal.close();
        StreamWal again = open(disk);
        assertThat(SimulatedLog.lengths(again, KEY)).isEqualTo(next == Next.APPEND ? kept(55, 77) : kept(77));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void delete_aStreamWithACutThatIsLeft_deletesAll(boolean isDamaged) throws IOException {
        SimulatedDisk disk = withACut();
        if (isDamaged) {
            damage(disk);
        } else {
            disk.failing(NO_ROOM_FOR_PACKS);
        }
        StreamWal wal = open(disk);
        wal.delete(KEY);
        assertThat(SimulatedLog.lengths(wal, KEY)).isEmpty();
        assertThat(append(wal, KEY, 77).position()).isGreaterThanOrEqualTo(end);
        assertThat(SimulatedLog.lengths(wal, KEY)).containsExactly(77);
        wal.close();
        assertThat(SimulatedLog.lengths(open(disk), KEY)).containsExactly(77);
        disk.failing(FaultPlan.NONE);
    }

    @Test
    void open_aCutInAPackThatIsDamaged_opensUntilThePackIsWholeAgain() throws IOException {
        SimulatedDisk disk = withACut();
        byte[] whole = damage(disk);
        Path pack = pack(disk);
        for (int opening = 1; opening <= 3; opening++) {
            StreamWal wal = open(disk);
            append(wal, "other", 60);
            assertThatThrownBy(() -> append(wal, KEY, 99)).isInstanceOf(CorruptSegmentException.class)
                    .hasMessageContaining("can't cut the stream").hasMessageContaining("file=" + pack);
            wal.close();
        }
        Files.write(pack, whole);
        assertIsCut(open(disk));
    }

    private static Manifest manifest(SimulatedDisk disk) throws IOException {
        return ManifestFile.read(disk.path("/log"));
    }

    private static Path pack(SimulatedDisk disk) throws IOException {
        return PackFiles.pack(disk.path("/log"), manifest(disk).packsInOrder().get(0).number());
    }

    /** Returns the pack as it was. */
    private static byte[] damage(SimulatedDisk disk) throws IOException {
        Path pack = pack(disk);
        byte[] whole = Files.readAllBytes(pack);
        byte[] damaged = whole.clone();
        // in what stands first in it, which is the stream's
        damaged[100] ^= 1;
        Files.write(pack, damaged);
        return whole;
    }
}
